from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import uuid4

import factory

from tests.factories.patients import LONG_AGO, PatientFactory
from tests.factories.people import PractitionerFactory
from treatments.catalogue.enums import Laterality, Unit, Vehicle, VersionStatus
from treatments.catalogue.models import (
    Area,
    Formulation,
    FormulationVersion,
    Indication,
    Ingredient,
    IngredientClass,
    Product,
    RecipeLine,
    Technique,
)
from treatments.charting.models import SessionDraft, TreatmentPlan, TreatmentSession
from treatments.scheduling.enums import VisitKind
from treatments.scheduling.links import digest_of, token_of
from treatments.scheduling.models import (
    Appointment,
    CalendarFeed,
    HoursException,
    Room,
    SlotOffer,
    VisitType,
    WaitingEntry,
    WorkingHours,
)
from treatments.stock.models import Lot


class AreaFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Area
        django_get_or_create = ("key",)

    key = factory.Sequence(lambda n: f"area_{n}")
    name = factory.Sequence(lambda n: f"Area {n}")
    laterality = Laterality.SIDED
    diagrams = ["body_front"]


class TechniqueFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Technique
        django_get_or_create = ("key",)

    key = factory.Sequence(lambda n: f"technique_{n}")
    name = factory.Sequence(lambda n: f"Technique {n}")
    depth_min_mm = Decimal("2")
    depth_max_mm = Decimal("4")


class IngredientClassFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = IngredientClass
        django_get_or_create = ("key",)

    key = "vitamins"
    name = "Vitamins"
    code = "VIT"


class IngredientFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Ingredient

    key = factory.Sequence(lambda n: f"ingredient_{n}")
    name = factory.Sequence(lambda n: f"Ingredient {n}")
    ingredient_class = factory.SubFactory(IngredientClassFactory)
    unit = Unit.MG
    vehicle = Vehicle.AQUEOUS


class ProductFactory(factory.django.DjangoModelFactory):
    """10 mg/mL in 2 mL, at 5 a container."""

    class Meta:
        model = Product

    name = factory.Sequence(lambda n: f"Product {n}")
    ingredient = factory.SubFactory(IngredientFactory)
    concentration = Decimal("10")
    container_ml = Decimal("2")
    price = Decimal("5")


class FormulationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Formulation

    name = factory.Sequence(lambda n: f"Formulation {n}")


class DraftVersionFactory(factory.django.DjangoModelFactory):
    """A draft of 5 mL with two lines."""

    class Meta:
        model = FormulationVersion
        skip_postgeneration_save = True

    formulation = factory.SubFactory(FormulationFactory)
    number = 1
    total_volume_ml = Decimal("5")
    created_by = factory.SubFactory(PractitionerFactory)
    created_at = LONG_AGO

    @factory.post_generation
    def lines(self, create, extracted, **kwargs):
        for position in range(2):
            RecipeLine.objects.create(
                version=self,
                position=position,
                ingredient=IngredientFactory(),
                concentration=Decimal("10"),
                volume_ml=Decimal("2.5"),
            )


class ApprovedVersionFactory(DraftVersionFactory):
    @factory.post_generation
    def approval(self, create, extracted, **kwargs):
        self.status = VersionStatus.APPROVED
        self.approved_by = self.created_by
        self.approved_at = LONG_AGO
        self.save()


class LotFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Lot

    ingredient = factory.SubFactory(IngredientFactory)
    number = factory.Sequence(lambda n: f"LOT{n}")
    expires_on = date(2030, 1, 31)
    received_on = date(2026, 1, 5)
    received_by = factory.SubFactory(PractitionerFactory)


class RoomFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Room

    name = factory.Sequence(lambda n: f"Room {n}")


class VisitTypeFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = VisitType

    name = factory.Sequence(lambda n: f"Visit type {n}")
    kind = VisitKind.SESSION
    minutes = 30


class WorkingHoursFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = WorkingHours

    practitioner = factory.SubFactory(PractitionerFactory)
    weekday = 0
    starts = time(9)
    ends = time(18)


class HoursExceptionFactory(factory.django.DjangoModelFactory):
    """A week of leave."""

    class Meta:
        model = HoursException

    practitioner = factory.SubFactory(PractitionerFactory)
    first_day = date(2027, 3, 1)
    last_day = date(2027, 3, 7)


class AppointmentFactory(factory.django.DjangoModelFactory):
    """A booked visit of half an hour, written past the services: only for what comes after booking."""

    class Meta:
        model = Appointment

    patient = factory.SubFactory(PatientFactory)
    practitioner = factory.SubFactory(PractitionerFactory)
    visit_type = factory.SubFactory(VisitTypeFactory)
    starts_at = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
    ends_at = factory.LazyAttribute(lambda o: o.starts_at + timedelta(minutes=30))
    busy_from = factory.SelfAttribute("starts_at")
    busy_until = factory.SelfAttribute("ends_at")
    submission = factory.LazyFunction(uuid4)
    booked_by = factory.SelfAttribute("practitioner")
    booked_at = LONG_AGO


class CalendarFeedFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = CalendarFeed

    practitioner = factory.SubFactory(PractitionerFactory)
    nonce = factory.LazyFunction(uuid4)
    token_digest = factory.LazyAttribute(lambda o: digest_of(token_of("feed", o.nonce)))
    created_at = LONG_AGO


class WaitingEntryFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = WaitingEntry

    patient = factory.SubFactory(PatientFactory)
    visit_type = factory.SubFactory(VisitTypeFactory, kind=VisitKind.FOLLOW_UP)
    from_day = date(2027, 3, 1)
    until_day = date(2027, 3, 31)
    created_by = factory.SubFactory(PractitionerFactory)
    created_at = LONG_AGO


class SlotOfferFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = SlotOffer

    entry = factory.SubFactory(WaitingEntryFactory)
    practitioner = factory.SubFactory(PractitionerFactory)
    starts_at = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
    expires_at = factory.SelfAttribute("starts_at")
    nonce = factory.LazyFunction(uuid4)
    token_digest = factory.LazyAttribute(lambda o: digest_of(token_of("offer", o.nonce)))
    offered_by = factory.SelfAttribute("practitioner")
    offered_at = LONG_AGO


class IndicationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Indication

    key = factory.Sequence(lambda n: f"an_indication_{n}")
    name = factory.Sequence(lambda n: f"Indication {n}")


class PlanFactory(factory.django.DjangoModelFactory):
    """An active plan of four sessions."""

    class Meta:
        model = TreatmentPlan

    patient = factory.SubFactory(PatientFactory)
    indication = factory.SubFactory(IndicationFactory)
    version = factory.SubFactory(ApprovedVersionFactory)
    areas = factory.LazyFunction(lambda: [[AreaFactory(name="Thigh, front").key, "left"]])
    weeks = [0, 2, 4, 8]
    made_by = factory.SubFactory(PractitionerFactory)
    made_at = LONG_AGO


REVIEWED = {"at": "2024-01-01T09:00:00+00:00", "by": "Dr Ana Ruiz", "nsaid": "no", "what": "", "gaps": []}


class SessionFactory(factory.django.DjangoModelFactory):
    """A draft session with an empty draft, reviewed before its start."""

    class Meta:
        model = TreatmentSession
        skip_postgeneration_save = True

    patient = factory.SubFactory(PatientFactory)
    practitioner = factory.SubFactory(PractitionerFactory)
    started_at = LONG_AGO
    review = factory.LazyFunction(REVIEWED.copy)

    @factory.post_generation
    def draft(self, create, extracted, **kwargs):
        SessionDraft.objects.create(session=self, saved_at=LONG_AGO, content=extracted or {})
