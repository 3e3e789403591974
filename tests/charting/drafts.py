"""Charts for tests: complete ones, which a test then spoils in one place."""

from copy import deepcopy
from datetime import UTC, datetime
from decimal import Decimal

from tests.factories.patients import PatientFactory, asked
from tests.factories.people import PASSWORD
from tests.factories.treatments import REVIEWED, ApprovedVersionFactory, AreaFactory, LotFactory, TechniqueFactory
from treatments.catalogue.enums import Laterality
from treatments.charting import services
from treatments.charting.models import SessionDraft, TreatmentSession

WHEN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # a Monday, 10:00 in Madrid


class Kit:
    """What a chart needs, in the database, and the chart's content."""

    def __init__(self, practitioner):
        self.practitioner = practitioner
        self.patient = asked(PatientFactory())
        self.use(ApprovedVersionFactory())
        self.thigh = AreaFactory(key="thigh_front", name="Thigh, front", laterality=Laterality.SIDED)
        self.abdomen = AreaFactory(key="abdomen_upper", name="Upper stomach", laterality=Laterality.MIDLINE)
        self.groin = AreaFactory(key="groin", name="Groin", laterality=Laterality.SIDED, treatable=False)
        self.technique = TechniqueFactory(key="nappage", name="Nappage", depth_min_mm=Decimal(2))

    def use(self, version) -> None:
        """Charts with this recipe, and with a lot of each of its ingredients."""
        self.version = version
        self.lines = list(version.lines.all())
        self.lots = [LotFactory(ingredient=line.ingredient) for line in self.lines]

    def syringe(self, **changes) -> dict:
        lots = {str(line.pk): lot.pk for line, lot in zip(self.lines, self.lots, strict=True)}
        return {
            "id": "p1",
            "version_id": self.version.pk,
            "volume_ml": "5",
            "variation": "",
            "variation_reason": "",
            "lots": lots,
        } | changes

    def group(self, **changes) -> dict:
        return {
            "id": "i1",
            "preparation": "p1",
            "area": "thigh_front",
            "side": "left",
            "diagram": "body_front",
            "technique": "nappage",
            "needle": "4 mm, 30 G",
            "depth_mm": "3",
            "volume_ml": "0.05",
            "points": [[0.6, 0.6], [0.61, 0.62]],
        } | changes

    def content(self, *, syringes=None, groups=None, **texts) -> dict:
        return deepcopy(
            {
                "preparations": [self.syringe()] if syringes is None else syringes,
                "injections": [self.group()] if groups is None else groups,
                "note": "Well tolerated.",
                "findings": {"reaction": "none"},
                **texts,
            }
        )

    def start(self, content=None, *, patient=None, by=None, review=REVIEWED):
        """An open session whose draft holds `content`; `review` is None for one that was not reviewed."""
        by = by or self.practitioner
        session = services.start_session(patient=patient or self.patient, practitioner=by, by=by, at=WHEN)
        TreatmentSession.objects.filter(pk=session.pk).update(review=review)
        if content is not None:
            SessionDraft.objects.filter(pk=session.pk).update(content=content)
        return session

    def signed(self, content=None, **start):
        session = self.start(content or self.content(), **start)
        return self.sign(session)

    def sign(self, session, *, version=0, password=PASSWORD, by=None):
        return services.sign_session(
            session_id=session.pk, version=version, password=password, by=by or self.practitioner, at=WHEN
        )
