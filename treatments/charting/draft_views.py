"""The earlier versions of a draft: to look at, and to go back to."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from clinic.core.errors import Refused
from clinic.staff.access import requires
from clinic.staff.permissions import Permission
from patients.registry.services import record_opened
from treatments.charting import draft_queries, kept, queries, rules, services
from treatments.charting.diagrams import maps_of
from treatments.charting.draft import read_chart
from treatments.charting.forms import RestoreForm


@require_GET
@requires(Permission.CHART_SESSIONS)
def earlier(request, session_id):
    """All versions that were kept, with how much was charted in each."""
    draft = queries.draft_of(session_id, request.user)
    record_opened(by=request.user, patient=draft.session.patient, tab="charting:earlier")
    versions = draft_queries.kept_versions(session_id, request.user)
    rows = [(version, kept.points_in(version.content)) for version in versions]
    context = {"patient": draft.session.patient, "session": draft.session, "draft": draft, "rows": rows}
    return render(request, "charting/earlier.html", context | {"points": kept.points_in(draft.content)})


@require_http_methods(["GET", "POST"])
@requires(Permission.CHART_SESSIONS)
def earlier_version(request, session_id, kept_id):
    """GET shows what the draft held then, POST goes back to it: what it holds now is kept too."""
    draft = queries.draft_of(session_id, request.user)
    version = draft_queries.kept_version(session_id, kept_id, request.user)
    form = RestoreForm(request.POST or None, initial={"version": draft.version})
    if form.is_valid():
        try:
            services.restore_draft(
                session_id=session_id, kept_id=kept_id, version=form.cleaned_data["version"], by=request.user
            )
        except Refused as refusal:
            messages.warning(request, refusal.message)
            return redirect("charting:earlier", session_id)
        messages.success(request, _("The draft is as it was then. What it held before is kept among the versions."))
        return redirect("charting:chart", session_id)
    record_opened(by=request.user, patient=draft.session.patient, tab="charting:earlier")
    chart, _problems = read_chart(version.content, session_id)
    reference = queries.reference_of(chart)
    context = {
        "patient": draft.session.patient,
        "session": draft.session,
        "kept": version,
        "form": form,
        "chart": chart,
        "reference": reference,
        "totals": rules.totals_of(chart, reference),
        "maps": maps_of(chart, draft.session.photos.all()),
    }
    return render(request, "charting/earlier_version.html", context)
