"""A typed line of the charting page, read."""

import json

from django.http import JsonResponse
from django.views.decorators.http import require_POST

from clinic.staff.access import requires
from clinic.staff.permissions import Permission
from treatments.charting import queries
from treatments.charting.lines import Misread, read_line

TOOL = {"preparation", "technique", "needle", "depth_mm", "volume_ml"}


@require_POST
@requires(Permission.CHART_SESSIONS)
def line(request, session_id):
    """What a typed line means for the open draft, as groups of it; or what was not understood. Stores nothing."""
    draft = queries.draft_of(session_id, request.user)
    sent = _sent(request)
    try:
        groups = read_line(sent.pop("line", ""), **queries.words_of_lines(), tool=sent)
    except Misread as wrong:
        return JsonResponse({"message": wrong.message, "part": wrong.part, "options": wrong.options}, status=422)
    return JsonResponse({"groups": groups, "version": draft.version})


def _sent(request) -> dict:
    """The line and the values used last; whatever is not text is left out."""
    if request.content_type != "application/json":
        return {}
    try:
        sent = json.loads(request.body)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(sent, dict):
        return {}
    syringes = [name for name in _list(sent.get("syringes")) if isinstance(name, str)]
    texts = {name: value for name, value in sent.items() if name in {*TOOL, "line"} and isinstance(value, str)}
    return texts | {"syringes": syringes}


def _list(value) -> list:
    return value if isinstance(value, list) else []
