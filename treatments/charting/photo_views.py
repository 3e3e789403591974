"""The photos that points are put on: shown to whom the session is open to, added and removed by its author."""

from django.http import Http404, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_POST, require_safe

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core.errors import Refused
from clinic.staff.access import requires
from clinic.staff.permissions import Permission
from treatments.charting import photo_queries, photos, queries
from treatments.charting.diagrams import photographs, shown_photo
from treatments.charting.photo_forms import PhotoForm


@require_safe
@requires(Permission.VIEW_CHARTS)
def photo(request, session_id, photo_id):
    """The picture as we write it anew: the right way up, without what the camera noted; never what was sent."""
    row = photo_queries.photo_for(session_id, photo_id, request.user)
    content = shown_photo(row)
    if content is None:
        raise Http404
    record(by=request.user, action=Action.VIEW, subject=row, patient_id=row.session.patient_id)
    headers = {"Content-Disposition": f'inline; filename="photo-{row.pk}.jpg"'}
    return HttpResponse(content, content_type="image/jpeg", headers=headers)


@require_POST
@requires(Permission.CHART_SESSIONS)
def add_photo(request, session_id):
    """Answers with the markup that the charting page shows the new photo in."""
    session = queries.draft_of(session_id, request.user).session
    form = PhotoForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            added = photos.add_photo(session_id=session_id, by=request.user, **form.cleaned_data)
        except Refused as refusal:
            refusal.add_to(form)
        else:
            return JsonResponse(_markup(added, session))
    return JsonResponse({"message": " ".join(form.errors.get("photo", form.non_field_errors()))}, status=422)


def _markup(added, session) -> dict:
    drawing = next(found for found in photographs(session.photos.all()) if found.key == added.key)
    context = {"drawing": drawing}
    names = {"sheet": "charting/_sheet.html", "button": "charting/_side.html"}
    return {"key": drawing.key} | {name: render_to_string(template, context) for name, template in names.items()}


@require_POST
@requires(Permission.CHART_SESSIONS)
def remove_photo(request, session_id, photo_id):
    try:
        photos.remove_photo(session_id=session_id, photo_id=photo_id, by=request.user)
    except Refused as refusal:
        return JsonResponse({"message": str(refusal.message)}, status=422)
    return HttpResponse(status=204)
