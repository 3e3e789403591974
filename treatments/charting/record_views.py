"""The signed record on paper."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core import clock
from clinic.staff.access import recently_authenticated, requires
from clinic.staff.permissions import Permission
from treatments.charting import cosigning, queries, rules, services, signing
from treatments.charting.diagrams import maps_of
from treatments.charting.pdf import pdf_of
from treatments.charting.printout import sections_of


@require_GET
@requires(Permission.VIEW_CHARTS)
def pdf(request, session_id):
    """The record as it was signed, with its additions, as a PDF."""
    session = queries.record_for(session_id, request.user)
    if not session.signed_at:
        return redirect("charting:session", session.pk)
    return _printed(request, session)


@recently_authenticated
def _printed(request, session):
    """A copy leaves the house: it needs the password again, and the trail says export."""
    rows, answers = queries.signed_rows(session), queries.signed_answers(session)
    chart = queries.chart_of(session, *rows)
    reference = queries.reference_of(chart)
    record(by=request.user, action=Action.EXPORT, subject=session, patient_id=session.patient_id)
    content = pdf_of(
        session,
        clinic=request.clinic,
        sections=sections_of(session, chart, reference, rules.totals_of(chart, reference), answers),
        maps=maps_of(chart, session.photos.all()),
        cosignatures=[(row, cosigning.verify_cosignature(row)) for row in session.cosignatures.all()],
        addenda=[(row, services.verify_addendum(row)) for row in session.addenda.all()],
        intact=services.verify_signature(session),
        content=signing.canonical_content(session, *rows, answers, session.photos.all()),
        at=clock.now(),
    )
    name = f"session-{session.pk}.pdf"
    headers = {"Content-Disposition": f'inline; filename="{name}"', "Content-Security-Policy": "sandbox"}
    return HttpResponse(content, content_type="application/pdf", headers=headers)
