"""The administrator's pages of what messages say, and the list of rules beside it."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clinic.core.errors import Conflict, Refused
from clinic.staff.access import requires
from clinic.staff.permissions import Permission
from patients.registry.enums import Channel
from patients.registry.queries import find_patients, get_patient
from patients.registry.services import record_opened, record_search
from treatments.reminders import clinical_words, preview, queries, readability, services, texts
from treatments.reminders.forms import SeenVersion, TextForm, WhomForm

FOUND = 5  # patients to choose from, beside the text


@require_GET
@requires(Permission.EDIT_MESSAGE_RULES)
def rules(request):
    in_use, words = queries.rules_and_texts()
    return render(request, "reminders/rules.html", {"rules": in_use, "texts": words})


@require_http_methods(["GET", "POST"])
@requires(Permission.EDIT_MESSAGE_RULES)
def edit_text(request, text_id):
    text = queries.message_text(text_id)
    form = _text_form(request.POST or None, text, request.clinic)
    if form.is_valid():
        try:
            services.edit_message_text(text=text, **{"subject": ""} | form.cleaned_data, by=request.user)
        except Refused as refusal:
            refusal.add_to(form)
        else:
            messages.success(request, _("Saved. Messages that wait get the new words."))
            return redirect("reminders:rules")
    return _edit_page(request, text, form)


def _edit_page(request, text, form):
    page = {
        "form": form,
        "waiting": queries.waiting_in_channel(text.channel),
        "placeholders": texts.PLACEHOLDERS.items(),
        "versions": queries.versions_of(text),
    }
    typed = form.data if form.is_bound else form.initial
    return render(request, "reminders/edit_text.html", page | _preview(request, text, typed))


@require_POST
@requires(Permission.EDIT_MESSAGE_RULES)
def preview_text(request, text_id):
    """The words as a patient would get them, how many text messages they are, and how easy, while they are typed."""
    text = queries.message_text(text_id)
    if not request.htmx:
        return _edit_page(request, text, _text_form(None, text, request.clinic, typed=request.POST))
    return render(request, "reminders/_preview.html", _preview(request, text, request.POST))


@require_POST
@requires(Permission.EDIT_MESSAGE_RULES)
def restore_text(request, text_id, version):
    """The words of an old version are said again."""
    old = queries.text_version(text_id, version)
    seen = SeenVersion(request.POST)
    try:
        if not seen.is_valid():
            raise Conflict
        services.restore_text_version(old=old, version=seen.cleaned_data["version"], by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Saved. Messages that wait get the new words."))
    return redirect("reminders:edit_text", text_id)


def _text_form(data, text, clinic, typed=()) -> TextForm:
    """`typed`: words that are looked at and not saved."""
    initial = {"subject": text.subject, "body": text.body, "version": text.version}
    initial |= {name: typed[name] for name in ("subject", "body") if name in typed}
    sample = texts.sample_values(clinic, text.language)
    return TextForm(data, initial=initial, channel=text.channel, language=text.language, sample=sample)


def _preview(request, text, typed) -> dict:
    """Of a patient who is made up, or of one who is chosen."""
    whom = _whom(request, text)
    filled = whom["filled"].values if whom["filled"] else texts.sample_values(request.clinic, text.language)
    subject, body = typed.get("subject", ""), typed.get("body", "").replace("\r\n", "\n").strip()
    is_sms = text.channel == Channel.SMS
    said = texts.fill(body, filled)
    return whom | {
        "text": text,
        "is_sms": is_sms,
        "said_subject": texts.fill(subject, filled),
        "said": said,
        "parts": texts.sms_parts(said),
        "wide": texts.not_in_gsm(said),
        "reading": readability.measured(said, text.language),
        "unknown": texts.unknown_marks(subject + body),
        "clinical": clinical_words.found_in(body if is_sms else subject, queries.clinical_names()),
    }


def _whom(request, text) -> dict:
    """Who was found and who was chosen, both in the trail. Who may not read what patients take is not told it here."""
    form, page = WhomForm(request.POST), {"found": [], "more": False, "chosen": None, "filled": None}
    if not request.user.may(Permission.VIEW_PATIENTS):
        return page
    if form.typed:
        record_search(by=request.user, typed=form.typed)
        found, page["more"] = find_patients(form.typed)
        page |= {"found": found[:FOUND], "more": page["more"] or len(found) > FOUND}
    if form.chosen:
        page["chosen"] = patient = get_patient(form.chosen)
        record_opened(by=request.user, patient=patient, tab="reminders:preview_text")
        page["filled"] = preview.of_text(text, patient, names=request.user.may(Permission.READ_MESSAGE_TEXTS))
    return page | {"typed": form.typed}
