"""The administrator's pages: when messages go out, and in which words."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clinic.core.errors import Refused
from clinic.staff.access import requires
from clinic.staff.permissions import Permission
from patients.registry.enums import Channel
from treatments.reminders import queries, services, texts
from treatments.reminders.forms import RuleForm, TextForm


@require_GET
@requires(Permission.EDIT_MESSAGE_RULES)
def rules(request):
    in_use, words = queries.rules_and_texts()
    return render(request, "reminders/rules.html", {"rules": in_use, "texts": words})


@require_http_methods(["GET", "POST"])
@requires(Permission.EDIT_MESSAGE_RULES)
def edit_rule(request, rule_id):
    rule = queries.rule(rule_id)
    initial = {"days_before": rule.days_before, "send_at": rule.send_at, "active": rule.active}
    form = RuleForm(request.POST or None, initial=initial)
    if form.is_valid():
        changed = services.edit_rule(rule=rule, by=request.user, **form.cleaned_data)
        messages.success(request, _("Saved.") + " " + _waiting_changed(changed))
        return redirect("reminders:rules")
    return render(
        request, "reminders/edit_rule.html", {"rule": rule, "form": form, "waiting": queries.waiting_of_rule(rule_id)}
    )


def _waiting_changed(count: int) -> str:
    return ngettext("%(count)d waiting message was changed.", "%(count)d waiting messages were changed.", count) % {
        "count": count
    }


@require_http_methods(["GET", "POST"])
@requires(Permission.EDIT_MESSAGE_RULES)
def edit_text(request, text_id):
    text = queries.message_text(text_id)
    sample = texts.sample_values(request.clinic, text.language)
    form = _text_form(request.POST or None, text, sample)
    if form.is_valid():
        try:
            services.edit_message_text(
                text=text, subject=form.cleaned_data.get("subject", ""), body=form.cleaned_data["body"], by=request.user
            )
        except Refused as refusal:
            refusal.add_to(form)
        else:
            messages.success(request, _("Saved. Messages that wait get the new words."))
            return redirect("reminders:rules")
    page = {
        "text": text,
        "form": form,
        "waiting": queries.waiting_in_channel(text.channel),
        "placeholders": texts.PLACEHOLDERS.items(),
    }
    typed = form.data if form.is_bound else form.initial
    return render(request, "reminders/edit_text.html", page | _preview(text, sample, typed))


@require_POST
@requires(Permission.EDIT_MESSAGE_RULES)
def preview_text(request, text_id):
    """The words as a patient would get them, and how many text messages they are, while they are typed."""
    text = queries.message_text(text_id)
    sample = texts.sample_values(request.clinic, text.language)
    return render(request, "reminders/_preview.html", _preview(text, sample, request.POST))


def _text_form(data, text, sample) -> TextForm:
    initial = {"subject": text.subject, "body": text.body}
    return TextForm(data, initial=initial, channel=text.channel, sample=sample)


def _preview(text, sample, typed) -> dict:
    subject, body = typed.get("subject", ""), typed.get("body", "").replace("\r\n", "\n").strip()
    filled = texts.fill(body, sample)
    return {
        "is_sms": text.channel == Channel.SMS,
        "filled_subject": texts.fill(subject, sample),
        "filled": filled,
        "parts": texts.sms_parts(filled),
        "unknown": texts.unknown_marks(subject + body),
    }
