"""What the shell of every patient page asks for; settings name the tabs, so that no lower app knows a higher one."""

import phonenumbers
from django import template
from django.conf import settings
from django.urls import reverse

register = template.Library()


@register.filter
def phone(stored: str) -> str:
    """+34612345678 in groups that can be read aloud: +34 612 34 56 78."""
    try:
        return phonenumbers.format_number(phonenumbers.parse(stored), phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    except phonenumbers.NumberParseException:
        return stored


@register.simple_tag(takes_context=True)
def patient_tabs(context) -> list[dict]:
    """The tabs this person may open for `patient`; the one named by `tab` is marked as current."""
    user, patient = context["request"].user, context["patient"]
    return [
        {
            "label": tab["label"],
            "url": reverse(tab["view"], args=[patient.pk]),
            "here": tab["view"] == context.get("tab"),
        }
        for tab in settings.PATIENT_TABS
        if user.may(tab["permission"])
    ]


@register.simple_tag(takes_context=True)
def patient_warnings_url(context) -> str:
    """Where the banner gets the clinical warnings, or "" for people who may not see them."""
    source = settings.PATIENT_WARNINGS
    if not context["request"].user.may(source["permission"]):
        return ""
    return reverse(source["view"], args=[context["patient"].pk])
