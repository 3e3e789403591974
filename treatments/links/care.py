"""What patients read behind a link: how to prepare, and what to do afterwards.

The general points are those on which the sources agree or, where they differ, the longer time; then comes what the
clinic wrote for the recipe and its ingredients, in the clinic's own words. All of it is said after the birth date only.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic.core import clock
from treatments.catalogue.facts import care_texts
from treatments.catalogue.models import FormulationVersion
from treatments.catalogue.queries import with_recipe
from treatments.charting.enums import PlanStatus, SessionStatus
from treatments.charting.models import Preparation, TreatmentPlan
from treatments.scheduling.enums import VisitKind

# Self-bought painkillers of the NSAID kind: the house's rule of a week (five half-lives and the platelets' lifetime).
PAINKILLER_DAYS = 7


@dataclass(frozen=True)
class Sheet:
    """`own` are the clinic's own texts, each with what it is about; `call` says when to ring at once."""

    points: list[str]
    own: list[tuple[str, str]] = field(default_factory=list)
    call: list[str] = field(default_factory=list)


_about_medicines: list[Callable] = []


def ask_about_medicines(function: Callable) -> None:
    """A higher app says what holds for this patient's medicines, in place of the general points: function(visit, at) ->
    sentences, none when the general ones fit."""
    _about_medicines.append(function)


def preparation(visit, at: datetime) -> Sheet:
    """Before the visit. Only a session asks for more than bringing one's list of medicines."""
    if visit.visit_type.kind != VisitKind.SESSION:
        return Sheet([_("Bring a list of the medicines you take, also of those you buy yourself.")])
    own = [sentence for ask in _about_medicines for sentence in ask(visit, at)]
    return Sheet((own or _medicines(visit)) + _before(), _texts(_planned(visit), "before_care"))


def after_care(session) -> Sheet:
    """After a signed session: what its mixtures ask for."""
    return Sheet(_afterwards(), _texts(_given(session), "after_care"), _alarms())


def _medicines(visit) -> list[str]:
    """For whom we know no medicines of. Source: the house's rule for NSAIDs."""
    since = clock.local(visit.starts_at).date() - timedelta(days=PAINKILLER_DAYS)
    return [
        _(
            "From %(day)s until your visit: no aspirin, ibuprofen, naproxen or similar painkillers that you bought "
            "yourself. Paracetamol is fine: follow the packet."
        )
        % {"day": date_format(since, "l j F")},
        _("A medicine that a doctor prescribed: keep taking it. If it thins the blood, ring us."),
    ]


def _before() -> list[str]:
    """Sources: alcohol (AZPMU, EFFACE); food and shaving (AZURE); clean skin (DOCGLOW)."""
    return [
        _("No alcohol on the day before."),
        _("Eat a light meal before you come."),
        _("Come with clean skin: no make-up, no cream where you will be treated. Do not shave there on the day."),
        _("Ill, feverish, sunburnt, or perhaps pregnant? Ring us before you come."),
    ]


def _afterwards() -> list[str]:
    """Sources: touching 24-48 h (SERENITY, SIMPLY); make-up up to 48 h (LSENH); sport up to 48 h (INNATE, AZPMU); heat
    24 h to 2 weeks, sources differ (BELLA, SIMPLY); sun (INNATE, LSENH)."""
    return [
        _("Do not touch or rub the places for 2 days; if you must, with clean hands."),
        _("No make-up or cream on the places for 2 days, unless we gave you some."),
        _("No sport for 2 days. No hot bath, sauna, steam room or pool for at least 3 days."),
        _("Keep the places out of the sun until the marks have gone; then use sun cream, factor 30 or more."),
        _("For pain, paracetamol is fine: follow the packet. Ask us before you take aspirin or ibuprofen again."),
        _("A medicine that a doctor prescribed: keep taking it as your doctor said."),
    ]


def _alarms() -> list[str]:
    return [
        _("Spreading redness, fever, pus, blisters, or skin that turns black."),
        _("New lumps or sores where you had injections, even weeks later."),
        _("Anything that worries you."),
    ]


def _planned(visit) -> list[FormulationVersion]:
    """The recipe of the visit's plan, or else of the plans that the patient is in."""
    plans = TreatmentPlan.objects.filter(patient=visit.patient_id, status=PlanStatus.ACTIVE)
    if visit.session_id and visit.session.plan_id:
        plans = TreatmentPlan.objects.filter(pk=visit.session.plan_id)
    return _whole(plans.values("version"))


def _given(session) -> list[FormulationVersion]:
    return _whole(Preparation.objects.filter(session=session, session__status=SessionStatus.SIGNED).values("version"))


def _whole(version_ids) -> list[FormulationVersion]:
    return list(with_recipe(FormulationVersion.objects.filter(pk__in=version_ids)).order_by("pk"))


def _texts(versions, time: str) -> list[tuple[str, str]]:
    """Each text once, with the name of what it is about; several recipes may share an ingredient."""
    return list(dict.fromkeys(text for version in versions for text in care_texts(version, time)))
