"""What speaks against a recipe, while it is being chosen for a syringe."""

from django.shortcuts import render
from django.views.decorators.http import require_safe

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.staff.access import requires
from clinic.staff.permissions import Permission
from treatments.charting import queries, safety
from treatments.charting.forms import RecipeForm
from treatments.charting.safety_page import recorded


@require_safe
@requires(Permission.CHART_SESSIONS)
def recipe(request, session_id):
    """What the safety rules would say of one more syringe of the recipe in the open draft; a part of the page."""
    draft = queries.draft_of(session_id, request.user)
    chosen = RecipeForm(request.GET)
    answers = []
    if chosen.is_valid():
        answers = safety.answers_for_recipe(draft.content, draft.session, chosen.cleaned_data["version_id"])
    record(
        by=request.user,
        action=Action.VIEW,
        subject=draft.session,
        patient_id=draft.session.patient_id,
        fields=["charting:recipe"],
    )
    return render(request, "charting/_recipe_says.html", {"groups": recorded(answers)})
