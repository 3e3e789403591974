"""What each screen of charting needs, fetched whole."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import Count, Prefetch, Q
from django.http import Http404
from django.shortcuts import get_object_or_404

from clinic.core import clock
from treatments.catalogue.enums import VersionStatus
from treatments.catalogue.models import Area, FormulationVersion, Indication, Technique
from treatments.catalogue.queries import approved_versions, with_recipe
from treatments.charting.draft import Chart, Group, Syringe
from treatments.charting.enums import SessionStatus
from treatments.charting.models import Addendum, Injection, Preparation, SessionDraft, TreatmentSession
from treatments.stock.models import Lot
from treatments.stock.queries import proposed_lots

PAGE = 100


@dataclass(frozen=True)
class Reference:
    """The rows that a chart speaks of: versions and lots by row id, the words of the vocabulary by key."""

    versions: dict[int, FormulationVersion] = field(default_factory=dict)
    successors: dict[int, FormulationVersion] = field(default_factory=dict)  # what is in use instead of a version
    lots: dict[int, Lot] = field(default_factory=dict)
    areas: dict[str, Area] = field(default_factory=dict)
    techniques: dict[str, Technique] = field(default_factory=dict)
    indications: dict[str, Indication] = field(default_factory=dict)


def reference_of(chart: Chart) -> Reference:
    """All rows that the chart names and that exist; a constant number of queries."""
    named = {p.version_id for p in chart.preparations}
    versions = list(with_recipe(FormulationVersion.objects.filter(pk__in=named)))
    lots = Lot.objects.filter(pk__in={lot for p in chart.preparations for lot in p.lots.values()})
    return Reference(
        versions={version.pk: version for version in versions},
        successors=successors_of(versions),
        lots={lot.pk: lot for lot in lots.select_related("ingredient", "product")},
        areas=_by_key(Area.objects.filter(key__in={i.area for i in chart.injections})),
        techniques=_by_key(Technique.objects.filter(key__in={i.technique for i in chart.injections})),
        indications=_by_key(Indication.objects.filter(key=chart.indication)),
    )


def successors_of(versions: Iterable[FormulationVersion]) -> dict[int, FormulationVersion]:
    """For each version that is not in use: the newest one of its formulation that is."""
    old = [version for version in versions if version.status == VersionStatus.RETIRED]
    if not old:
        return {}
    of_same = {version.formulation_id for version in old}
    newest = {v.formulation_id: v for v in approved_versions().filter(formulation__in=of_same).order_by("number")}
    return {v.pk: newest[v.formulation_id] for v in old if v.formulation_id in newest}


def area_names(content: dict) -> dict[str, str]:
    """The names of all areas that a draft speaks of, also in entries that cannot be read yet."""
    keys = {group.get("area", "") for group in content.get("injections", [])}
    return dict(Area.objects.filter(key__in=keys).values_list("key", "name"))


def _by_key(rows) -> dict:
    return {row.key: row for row in rows}


def session_day(session: TreatmentSession) -> date:
    """The clinic's calendar day of the session."""
    return clock.local(session.started_at).date()


@dataclass(frozen=True)
class Offer:
    """What the charting page lets choose from."""

    versions: list[FormulationVersion]
    lots: dict[int, list[Lot]]  # by ingredient, the first to expire first
    areas: list[Area]
    techniques: list[Technique]
    indications: list[Indication]


def offer_at(at: datetime) -> Offer:
    """Approved recipes with the lots that may be used at `at`, areas, techniques and indications."""
    versions = approved_versions()
    offers = proposed_lots({line.ingredient_id for version in versions for line in version.lines.all()}, at)
    lots = {key: [offer.lot for offer in rows if not offer.why_not] for key, rows in offers.items()}
    return Offer(
        versions=list(versions),
        lots=lots,
        areas=list(Area.objects.current().order_by("name")),
        techniques=list(Technique.objects.current().order_by("name")),
        indications=list(Indication.objects.current().order_by("name")),
    )


def draft_of(session_id: int, by) -> SessionDraft:
    """The draft of a session that is still open, for its author; 404 for everybody else."""
    drafts = SessionDraft.objects.select_related("session__patient", "session__practitioner")
    return get_object_or_404(drafts, pk=session_id, session__status=SessionStatus.DRAFT, session__practitioner=by)


def session_for(session_id: int, viewer) -> TreatmentSession:
    """A session with its people, addenda and draft: 404 when it was never signed and is somebody else's."""
    sessions = TreatmentSession.objects.select_related(
        "patient", "practitioner", "signed_by", "voided_by", "indication", "draft"
    ).prefetch_related(Prefetch("addenda", Addendum.objects.select_related("written_by")))
    session = get_object_or_404(sessions, pk=session_id)
    if not session.is_open_to(viewer):
        raise Http404
    return session


def signed_rows(session: TreatmentSession) -> tuple[list, list, list]:
    """The preparations, lots and injections of a session, in the order in which they were signed."""
    preparations = list(session.preparations.prefetch_related("lots"))
    lots = [lot for preparation in preparations for lot in preparation.lots.all()]
    injections = list(session.injections.select_related("area", "technique").order_by("pk"))
    return preparations, lots, injections


def chart_of(session: TreatmentSession, preparations, lots, injections) -> Chart:
    """Signed rows in the shape that a draft reads to, so that both are shown and added up by the same code."""
    return Chart(
        preparations=tuple(_syringe(p, [lot for lot in lots if lot.preparation_id == p.pk]) for p in preparations),
        injections=tuple(_group(i) for i in injections),
        indication=session.indication.key if session.indication else "",
        note=session.note,
        reactions=session.reactions,
        advice=session.advice,
    )


def _syringe(row: Preparation, lots) -> Syringe:
    return Syringe(
        id=str(row.pk),
        version_id=row.version_id,
        volume_ml=row.volume_ml,
        variation=row.variation,
        variation_reason=row.variation_reason,
        lots={lot.line_id: lot.lot_id for lot in lots},
    )


def _group(row: Injection) -> Group:
    return Group(
        id=str(row.pk),
        preparation=str(row.preparation_id),
        area=row.area.key,
        side=row.side,
        diagram=row.diagram,
        technique=row.technique.key,
        needle=row.needle,
        depth_mm=row.depth_mm,
        volume_ml=row.volume_ml,
        count=row.count,
        points=tuple((x, y) for x, y in row.points),
    )


def last_signed(patient_id: int) -> TreatmentSession | None:
    """The patient's newest signed session, for the grey rings."""
    signed = TreatmentSession.objects.filter(patient_id=patient_id, status=SessionStatus.SIGNED)
    return signed.select_related("practitioner").prefetch_related("injections").first()


def sessions_of(patient_id: int, viewer) -> list[TreatmentSession]:
    """The patient's sessions, newest first; drafts only if they are the viewer's own."""
    visible = Q(signed_at__isnull=False) | Q(practitioner=viewer)
    injections = Injection.objects.select_related("area").defer("points").order_by("pk")
    return list(
        TreatmentSession.objects.filter(visible, patient_id=patient_id)
        .select_related("practitioner", "indication")
        .prefetch_related(Prefetch("injections", injections))
        .annotate(addendum_count=Count("addenda"))
        .order_by("-started_at", "-pk")[:PAGE]
    )


def unsigned_of(practitioner) -> list[TreatmentSession]:
    """The practitioner's open drafts, oldest first."""
    return list(
        TreatmentSession.objects.filter(practitioner=practitioner, status=SessionStatus.DRAFT)
        .select_related("patient", "draft")
        .order_by("started_at", "pk")[:PAGE]
    )


def signed_sessions():
    """Every session that was signed, voided ones included, for verifying."""
    return TreatmentSession.objects.filter(signed_at__isnull=False).order_by("pk").iterator()


def all_addenda():
    return Addendum.objects.select_related("session").order_by("pk").iterator()
