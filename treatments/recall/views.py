"""The pages of a recall. Who received it, and how far each has come, is for everybody who manages recalls; where it
was injected, what was noted and what was written, only for those who may read sessions."""

from uuid import uuid4

from django.contrib import messages
from django.http import Http404, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core import clock
from clinic.core.errors import Refused
from clinic.core.http import page_of
from clinic.staff.access import recently_authenticated, requires
from clinic.staff.permissions import Permission
from patients.registry.enums import Channel
from treatments.recall import export as exporting
from treatments.recall import forms, queries, receipts, rules, services, writing
from treatments.recall.enums import LEFT, EntryStatus, MessageState
from treatments.recall.services import OpenAlready
from treatments.recall.texts import PLACEHOLDERS, SMS_PLACEHOLDERS

require_form = require_http_methods(["GET", "POST"])


@require_GET
@requires(Permission.MANAGE_RECALLS)
def cases(request):
    typed = request.GET.get("q", "")[:100]
    page = {"page": page_of(request, queries.cases()), "typed": typed, "found": queries.find_anything(typed)}
    return _show(request, "cases", page)


@require_GET
@requires(Permission.MANAGE_RECALLS)
def panel(request):
    return render(request, "recall/panel.html", {"cases": queries.open_cases()})


@require_GET
@requires(Permission.MANAGE_RECALLS)
def received(request, kind, row_id):
    """Who received it: open drafts first, then what was signed, the newest first."""
    subject = receipts.find_subject(kind, row_id)
    before = _number(request.GET.get("before", ""))
    prints = "print" in request.GET
    size = receipts.PRINTED if prints else receipts.PAGE
    rows, after = receipts.received(subject, clock.now(), before=before, size=size)
    record(by=request.user, action=Action.LIST, subject=subject.row, fields=["recall"])
    page = {"subject": subject, "rows": rows, "after": after, "before": before, "prints": prints}
    page |= {"drafts": [] if before else receipts.open_drafts(subject), "case": queries.case_of(subject)}
    return _show(request, "received", page)


@require_GET
@requires(Permission.MANAGE_RECALLS)
@recently_authenticated
def export(request, kind, row_id):
    """Everybody who received it, as a file for a spreadsheet."""
    subject = receipts.find_subject(kind, row_id)
    count = receipts.count_received(subject)
    record(by=request.user, action=Action.EXPORT, subject=subject.row, fields=["recall", f"{count} rows"])
    lines = exporting.lines(subject, zone=clock.zone(), language=get_language(), detailed=_reads(request))
    name = f"recall-{subject.kind}-{subject.row_id}.csv"
    return StreamingHttpResponse(
        lines,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@require_form
@requires(Permission.MANAGE_RECALLS)
def open_case(request, kind, row_id):
    subject = receipts.find_subject(kind, row_id)
    usable = sum(not (lot.quarantined or lot.retired_at) for lot in subject.lots)
    form = forms.OpenForm(request.POST or None, lots=usable, initial={"quarantine": True})
    if form.is_valid():
        try:
            case = services.open_case(subject=subject, **form.cleaned_data, by=request.user)
            messages.success(request, _("The recall is open."))
            return redirect("recall:case", case.pk)
        except OpenAlready as refusal:
            messages.info(request, refusal.message)
            return redirect("recall:case", refusal.case.pk)
        except Refused as refusal:
            refusal.add_to(form)
    return _show(request, "open", {"subject": subject, "form": form})


@require_GET
@requires(Permission.MANAGE_RECALLS)
def case(request, case_id):
    row = queries.get_case(case_id)
    subject = queries.subject_of(row)
    status = request.GET.get("status", "")
    status = status if status in EntryStatus.values else ""
    page = page_of(request, queries.entries(row, status))
    counts = queries.progress(row)
    people = sum(counts.values())
    record(by=request.user, action=Action.LIST, subject=row)
    context = {
        "case": row,
        "subject": subject,
        "page": page,
        "people": queries.people_of(row, subject, page.object_list, clock.now()),
        "states": [(value, label, counts[value]) for value, label in EntryStatus.choices],
        "status": status,
        "total": people,
        "done": people - sum(counts[value] for value in LEFT),
        "missing": 0 if row.closed_at else queries.count_missing(row, subject),
        "drafts": receipts.open_drafts(subject),
    }
    return _show(request, "case", context)


@require_POST
@requires(Permission.MANAGE_RECALLS)
def take_in(request, case_id):
    row = queries.get_case(case_id)
    try:
        added = services.take_in_later_ones(case=row, by=request.user)
    except Refused as refusal:
        messages.error(request, refusal.message)
    else:
        text = ngettext("%(count)d patient was added.", "%(count)d patients were added.", added)
        messages.success(request, text % {"count": added})
    return redirect("recall:case", row.pk)


@require_form
@requires(Permission.MANAGE_RECALLS)
def close(request, case_id):
    row = queries.get_case(case_id)
    form = forms.CloseForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            services.close_case(case=row, **form.cleaned_data, by=request.user)
            return redirect("recall:case", row.pk)
        except Refused as refusal:
            refusal.add_to(form)
    left = rules.left_to_do(row, queries.subject_of(row))
    return _show(request, "close", {"case": row, "form": form, "left": left})


@require_GET
@requires(Permission.MANAGE_RECALLS)
def texts(request, case_id):
    row = queries.get_case(case_id)
    return _show(request, "texts", {"case": row, "texts": queries.texts_of(row)})


@require_form
@requires(Permission.MANAGE_RECALLS)
def edit_text(request, text_id):
    text = queries.get_text(text_id)
    initial = {"subject": text.subject, "body": text.body, "version": text.version}
    form = forms.WordsForm(request.POST or None, channel=text.channel, initial=initial)
    if form.is_valid():
        try:
            services.edit_text(text=text, **{"subject": ""} | form.cleaned_data, by=request.user)
            messages.success(request, _("Saved. Messages written from now on begin with these words."))
            return redirect("recall:texts", text.case_id)
        except Refused as refusal:
            refusal.add_to(form)
    marks = SMS_PLACEHOLDERS if text.channel == Channel.SMS else PLACEHOLDERS
    return _show(request, "edit_text", {"text": text, "case": text.case, "form": form, "marks": marks.items()})


@require_form
@requires(Permission.MANAGE_RECALLS)
def entry(request, entry_id):
    """A patient in a case: what they received, what was done, and what is done next."""
    row = queries.get_entry(entry_id)
    form = forms.StepForm(
        request.POST or None, status=row.status, initial={"status": row.status, "version": row.version}
    )
    if form.is_valid():
        try:
            services.follow_up(entry=row, **form.cleaned_data, by=request.user)
            return redirect("recall:entry", row.pk)
        except Refused as refusal:
            refusal.add_to(form)
    subject, now = queries.subject_of(row.case), clock.now()
    steps, sent = queries.trail_of(row)
    record(by=request.user, action=Action.VIEW, subject=row, patient_id=row.patient_id)
    context = {
        "entry": row,
        "case": row.case,
        "form": form,
        "receipts": receipts.receipts_of(subject, [row.patient_id], now).get(row.patient_id, []),
        "next_visit": receipts.next_visits([row.patient_id], now).get(row.patient_id),
        "steps": steps,
        "sent": sent,
        "channels": [(value, label, rules.why_not_written_to(row.patient, value)) for value, label in Channel.choices],
    }
    return _show(request, "entry", context)


@require_POST
@requires(Permission.MANAGE_RECALLS)
def told(request, entry_id):
    row = queries.get_entry(entry_id)
    form = forms.VersionForm(request.POST)
    try:
        if form.is_valid():
            services.tell_by_telephone(entry=row, version=form.cleaned_data["version"], by=request.user)
            messages.success(request, _("Noted: the patient was told by telephone."))
    except Refused as refusal:
        messages.error(request, refusal.message)
    return redirect("recall:entry", row.pk)


@require_form
@requires(Permission.MANAGE_RECALLS)
def message(request, entry_id, channel):
    """The draft of a message, which a person reads, may edit, and sends."""
    if channel not in Channel.values:
        raise Http404
    row = queries.get_entry(entry_id)
    draft = writing.draft_for(row, channel, request.clinic)
    initial = {"subject": draft.subject, "body": draft.body, "version": row.version, "submission": uuid4()}
    form = forms.MessageForm(request.POST or None, channel=channel, initial=initial)
    if form.is_valid():
        try:
            sent = services.send_message(
                entry=row, channel=channel, **{"subject": ""} | form.cleaned_data, by=request.user
            )
            _say_what_became_of(request, sent)
            return redirect("recall:entry", row.pk)
        except Refused as refusal:
            refusal.add_to(form)
    record(by=request.user, action=Action.VIEW, subject=row, patient_id=row.patient_id)
    why_not = rules.why_not_written_to(row.patient, channel)
    context = {"entry": row, "case": row.case, "form": form, "draft": draft, "why_not": why_not}
    return _show(request, "message", context | {"channel": Channel(channel)})


def _say_what_became_of(request, sent) -> None:
    if sent.state == MessageState.SENT:
        messages.success(request, _("The message was sent."))
    elif sent.state == MessageState.FAILED:
        messages.error(request, _("The message was not sent. Please call, or try again later."))
    else:
        messages.warning(request, _("It is not known whether the message was sent. Please call."))


def _reads(request) -> bool:
    return request.user.may(Permission.VIEW_CHARTS)


def _number(typed: str) -> int | None:
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 19 else None


def _show(request, template: str, context: dict):
    context |= {"section": "recalls", "reads": _reads(request)}
    return render(request, f"recall/{template}.html", context)
