"""What each screen of charting needs, fetched whole."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import partial

from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.http import Http404
from django.shortcuts import get_object_or_404

from clinic.core import clock
from treatments.catalogue.enums import VersionStatus
from treatments.catalogue.models import Area, FormulationVersion, Indication, RecipeLine, Technique
from treatments.catalogue.queries import approved_versions, with_recipe
from treatments.charting.draft import Chart, Group, Syringe
from treatments.charting.enums import SessionStatus
from treatments.charting.models import (
    Addendum,
    CloseOut,
    DraftVersion,
    Injection,
    Preparation,
    SafetyAnswer,
    SessionDraft,
    Snippet,
    TreatmentSession,
)
from treatments.stock import shelf
from treatments.stock.models import Lot
from treatments.stock.queries import LotOffer, proposed_lots

PAGE = 100


@dataclass(frozen=True)
class Reference:
    """The rows that a chart speaks of: versions and lots by row id, the words of the vocabulary by key.

    Of the areas all are there: a rule about one looks at its parts, and at what it is part of.
    """

    versions: dict[int, FormulationVersion] = field(default_factory=dict)
    successors: dict[int, FormulationVersion] = field(default_factory=dict)  # what is in use instead of a version
    lots: dict[int, Lot] = field(default_factory=dict)
    areas: dict[str, Area] = field(default_factory=dict)
    techniques: dict[str, Technique] = field(default_factory=dict)
    indications: dict[str, Indication] = field(default_factory=dict)


NOTHING = Reference()


def reference_of(chart: Chart, known: Reference = NOTHING) -> Reference:
    """All rows that the chart names and that exist, and all areas; a constant number of queries.

    What is `known` is not fetched again.
    """
    versions = _rows({p.version_id for p in chart.preparations}, known.versions, versions_by_id)
    return Reference(
        versions=versions,
        successors=successors_of(versions.values()),
        lots=_rows({lot for p in chart.preparations for lot in p.lots.values()}, known.lots, lots_by_id),
        areas=known.areas or areas_by_key(),
        techniques=_rows({i.technique for i in chart.injections}, known.techniques, partial(_by_key, Technique)),
        indications=_rows({chart.indication} - {""}, known.indications, partial(_by_key, Indication)),
    )


def _rows(wanted: set, known: dict, fetch: Callable[[set], dict]) -> dict:
    """Those that are wanted, of which only the ones that are not known are fetched."""
    return {key: known[key] for key in wanted & known.keys()} | fetch(wanted - known.keys())


def versions_by_id(ids: set[int]) -> dict[int, FormulationVersion]:
    """Those of the versions that exist, with their recipes."""
    rows = with_recipe(FormulationVersion.objects.filter(pk__in=ids)) if ids else ()
    return {version.pk: version for version in rows}


def lots_by_id(ids: set[int]) -> dict[int, Lot]:
    """Those of the lots that exist, with what they are of."""
    rows = Lot.objects.filter(pk__in=ids).select_related("ingredient", "product") if ids else ()
    return {lot.pk: lot for lot in rows}


def areas_by_key() -> dict[str, Area]:
    """Every area by name, retired ones too: what charting asks of them, without their notes and codes."""
    asked = "key", "name", "parent", "laterality", "diagrams", "treatable", "retired_at"
    return {area.key: area for area in Area.objects.only(*asked).order_by("name")}


def successors_of(versions: Iterable[FormulationVersion]) -> dict[int, FormulationVersion]:
    """For each version that is not in use: the newest one of its formulation that is."""
    old = [version for version in versions if version.status == VersionStatus.RETIRED]
    if not old:
        return {}
    of_same = {version.formulation_id for version in old}
    newest = {v.formulation_id: v for v in approved_versions().filter(formulation__in=of_same).order_by("number")}
    return {v.pk: newest[v.formulation_id] for v in old if v.formulation_id in newest}


def _by_key(model, keys: set[str]) -> dict:
    return {row.key: row for row in model.objects.filter(key__in=keys).order_by()} if keys else {}


def session_day(session: TreatmentSession) -> date:
    """The clinic's calendar day of the session."""
    return clock.local(session.started_at).date()


@dataclass(frozen=True)
class Offer:
    """What the charting page lets choose from. `others` are versions that the draft names and that are not in use."""

    versions: list[FormulationVersion]
    others: list[FormulationVersion]
    successors: dict[int, FormulationVersion]
    lots: dict[int, list[LotOffer]]  # by ingredient, in the order in which they are proposed
    all_areas: dict[str, Area]
    techniques: list[Technique]
    indications: list[Indication]

    @property
    def areas(self) -> list[Area]:
        return [area for area in self.all_areas.values() if not area.retired_at]

    @property
    def reference(self) -> Reference:
        """The same rows, for whoever asks what a chart names."""
        return Reference(
            versions={version.pk: version for version in [*self.versions, *self.others]},
            lots={offer.lot.pk: offer.lot for offers in self.lots.values() for offer in offers},
            areas=self.all_areas,
            techniques={technique.key: technique for technique in self.techniques},
            indications={indication.key: indication for indication in self.indications},
        )

    def lots_of(self, line: RecipeLine) -> list[LotOffer]:
        return self.lots.get(line.ingredient_id, [])

    def version(self, version_id: int | None) -> FormulationVersion | None:
        return next((v for v in [*self.versions, *self.others] if v.pk == version_id), None)


def offer_for(session: TreatmentSession, at: datetime) -> Offer:
    """Approved recipes with the lots on the shelf, areas, techniques and indications, for charting a session now.

    Lots that its draft names are among them even if they are gone from the shelf. A session charted on a later day
    used what was usable then.
    """
    versions = list(approved_versions())
    named = {entry.get("version_id") for entry in session.draft.content.get("preparations", [])} - {None}
    others = list(versions_by_id(named - {version.pk for version in versions}).values())
    ingredients = {line.ingredient_id for version in [*versions, *others] for line in version.lines.all()}
    return Offer(
        versions=versions,
        others=others,
        successors=successors_of(others),
        lots=_offers(ingredients, _chosen_lots(session.draft.content), _moment(session, at)),
        all_areas=areas_by_key(),
        techniques=list(Technique.objects.current().order_by("name")),
        indications=list(Indication.objects.current().order_by("name")),
    )


def words_of_lines() -> dict[str, list]:
    """The areas and techniques that a typed line may name."""
    return {"areas": list(Area.objects.current()), "techniques": list(Technique.objects.current())}


def _moment(session: TreatmentSession, at: datetime) -> datetime:
    """When lots must be usable: now, while the session's day lasts."""
    return at if clock.local(at).date() == session_day(session) else session.started_at


def _offers(ingredients: set[int], chosen: set[int], at: datetime) -> dict[int, list[LotOffer]]:
    offers = proposed_lots(ingredients, at)
    known = {offer.lot.pk for rows in offers.values() for offer in rows}
    for lot in lots_by_id(chosen - known).values():
        offers.setdefault(lot.ingredient_id, []).append(lot_offer(lot, at))
    return offers


def _chosen_lots(content: dict) -> set[int]:
    return {lot for entry in content.get("preparations", []) for lot in entry.get("lots", {}).values() if lot}


def lot_offer(lot: Lot, at: datetime) -> LotOffer:
    return LotOffer(lot, lot.balance_ml, lot.usable_until, lot.opened_at is not None, shelf.refusal(lot, at))


def chosen_lots(draft: SessionDraft, at: datetime, known: dict[int, Lot]) -> list[LotOffer]:
    """The lots that a draft names, as they stand now; those that are `known` are not fetched again."""
    named = _chosen_lots(draft.content)
    lots = known | lots_by_id(named - known.keys())
    moment = _moment(draft.session, at)
    return [lot_offer(lots[lot_id], moment) for lot_id in sorted(named & lots.keys())]


def draft_of(session_id: int, by) -> SessionDraft:
    """The draft of a session that is still open, for its author; 404 for everybody else.

    `kept_at`: when the newest of its kept versions was saved.
    """
    kept = DraftVersion.objects.filter(session=OuterRef("pk")).order_by("-version").values("saved_at")
    drafts = SessionDraft.objects.select_related("session__patient")
    drafts = drafts.annotate(kept_at=Subquery(kept[:1]))
    return get_object_or_404(drafts, pk=session_id, session__status=SessionStatus.DRAFT, session__practitioner=by)


def session_for(session_id: int, viewer) -> TreatmentSession:
    """A session with its draft: 404 when it was never signed and is somebody else's."""
    return _open_to(viewer, TreatmentSession.objects.all(), session_id)


def record_for(session_id: int, viewer) -> TreatmentSession:
    """The same with its photos, everything that was added to it later, and by whom."""
    addenda = Addendum.objects.select_related("written_by")
    sessions = TreatmentSession.objects.select_related("signed_by", "voided_by")
    sessions = sessions.prefetch_related("cosignatures", "photos", Prefetch("addenda", addenda))
    return _open_to(viewer, sessions, session_id)


def _open_to(viewer, sessions: QuerySet[TreatmentSession], session_id: int) -> TreatmentSession:
    sessions = sessions.select_related("patient", "practitioner", "indication", "draft", "plan", "copied_from")
    session = get_object_or_404(sessions, pk=session_id)
    if not session.is_open_to(viewer):
        raise Http404
    return session


def signed_rows(session: TreatmentSession) -> tuple[list, list, list]:
    """The preparations, lots and injections of a session, in the order in which they were signed."""
    preparations = list(session.preparations.prefetch_related("lots", "version__lines"))
    lots = [lot for preparation in preparations for lot in preparation.lots.all()]
    injections = list(session.injections.select_related("area", "technique").order_by("pk"))
    return preparations, lots, injections


def signed_answers(session: TreatmentSession) -> list[SafetyAnswer]:
    """What the safety rules said when the session was signed, and the reasons for going on."""
    return list(session.safety_answers.order_by("pk"))


def chart_of(session: TreatmentSession, preparations, lots, injections) -> Chart:
    """Signed rows in the shape that a draft reads to, so that both are shown and added up by the same code."""
    rows = {p.pk: [lot for lot in lots if lot.preparation_id == p.pk] for p in preparations}
    return Chart(
        preparations=tuple(_syringe(p, rows[p.pk]) for p in preparations),
        injections=tuple(_group(i) for i in injections),
        indication=session.indication.key if session.indication else "",
        note=session.note,
        reactions=session.reactions,
        advice=session.advice,
        findings=session.findings or {},
    )


def _syringe(row: Preparation, lots) -> Syringe:
    return Syringe(
        id=str(row.pk),
        version_id=row.version_id,
        volume_ml=row.volume_ml,
        variation=row.variation,
        variation_reason=row.variation_reason,
        lots={lot.line_id: lot.lot_id for lot in lots},
        amounts=_amounts(row, lots),
        drawn_at=row.drawn_at,
        number=row.number,
    )


def _amounts(row: Preparation, lots) -> dict[int, Decimal]:
    """What was drawn up of each line, 0 where no lot was: unless it is older than that, and then it was the recipe."""
    if any(lot.volume_ml is None for lot in lots):
        return {}
    taken = {lot.line_id: lot.volume_ml for lot in lots}
    return {line.pk: taken.get(line.pk, Decimal()) for line in row.version.lines.all()}


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
        spacing_mm=row.spacing_mm,
    )


def last_signed(patient_id: int) -> TreatmentSession | None:
    """The patient's newest signed session, for the grey rings."""
    signed = TreatmentSession.objects.filter(patient_id=patient_id, status=SessionStatus.SIGNED)
    return signed.select_related("practitioner").prefetch_related("injections").first()


def sessions_of(patient_id: int, viewer) -> list[TreatmentSession]:
    """The patient's sessions, newest first; drafts only if they are the viewer's own. Of each what a list shows."""
    visible = Q(signed_at__isnull=False) | Q(practitioner=viewer)
    given = Injection.objects.select_related("area").only("session", "area__name", "side", "count", "volume_ml")
    injections = given.order_by("pk")
    return list(
        TreatmentSession.objects.filter(visible, patient_id=patient_id)
        .select_related("practitioner", "indication")
        .only("status", "started_at", "practitioner__full_name", "indication__name")
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


def versions_in(session: TreatmentSession) -> list[FormulationVersion]:
    """The versions that were drawn up for a signed session, with their recipes."""
    drawn = session.preparations.values("version")
    return list(with_recipe(FormulationVersion.objects.filter(pk__in=drawn)))


def closed_with(session: TreatmentSession) -> CloseOut | None:
    """How the session was closed last."""
    return session.close_outs.select_related("closed_by").first()


def phrases() -> list[Snippet]:
    """The clinic's phrases for notes, by code."""
    return list(Snippet.objects.current().order_by("code"))


def get_phrase(phrase_id: int) -> Snippet:
    return get_object_or_404(Snippet.objects.current(), pk=phrase_id)


def signed_sessions():
    """Every session that was signed, voided ones included, for verifying."""
    return TreatmentSession.objects.filter(signed_at__isnull=False).order_by("pk").iterator()


def all_addenda():
    return Addendum.objects.select_related("session").order_by("pk").iterator()
