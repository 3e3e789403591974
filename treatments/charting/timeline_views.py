"""The pages of a patient's sessions in time: every point there ever was, and two sessions side by side."""

from django.shortcuts import render
from django.views.decorators.http import require_GET

from clinic.staff.access import requires
from clinic.staff.permissions import Permission
from patients.registry.queries import get_patient
from patients.registry.services import record_opened
from treatments.charting import past
from treatments.charting.rules import totals_of
from treatments.charting.timeline import heat_of, pairs_of_areas, pairs_of_maps, sums_of
from treatments.charting.timeline_forms import CompareForm, HeatForm

TAB = "charting:tab"


@require_GET
@requires(Permission.VIEW_CHARTS)
def points(request, patient_id):
    """Every point of the patient's signed sessions; the filters are in the address."""
    patient = get_patient(patient_id)
    areas, ingredients = past.areas_treated(patient.pk), past.ingredients_received(patient.pk)
    form = HeatForm(request.GET, areas=areas, ingredients=ingredients)
    injections = past.injections_of(patient.pk, **form.wanted())
    record_opened(by=request.user, patient=patient, tab="charting:points")
    context = {
        "patient": patient,
        "tab": TAB,
        "form": form,
        "maps": heat_of(injections),
        "sums": sums_of(injections),
        "levels": range(1, 6),
    }
    return render(request, "charting/points.html", context)


@require_GET
@requires(Permission.VIEW_CHARTS)
def compare(request, patient_id):
    """The maps of two signed sessions side by side, and what each area received."""
    patient = get_patient(patient_id)
    form = CompareForm(request.GET, sessions=past.signed_of(patient.pk))
    context = {"patient": patient, "tab": TAB, "form": form}
    if form.is_valid():
        chosen = [past.charted(patient.pk, form.cleaned_data[name]) for name in ("one", "other")]
        totals = [totals_of(chart, reference) for _session, chart, reference in chosen]
        context |= {
            "sides": [(session, total) for (session, _chart, _reference), total in zip(chosen, totals, strict=True)],
            "maps": pairs_of_maps(*(chart for _session, chart, _reference in chosen)),
            "areas": pairs_of_areas(*totals),
        }
    record_opened(by=request.user, patient=patient, tab="charting:compare")
    return render(request, "charting/compare.html", context)
