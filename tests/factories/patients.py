from datetime import UTC, date, datetime

import factory
from django.db.models import F

from clinic.core.text import digits, fold
from patients.history.enums import Effect, MedicineGroup, MedicineSource, Pregnancy, Topic
from patients.history.models import (
    Allergen,
    Condition,
    Medicine,
    NoneKnown,
    PatientAllergy,
    PatientCondition,
    PatientMedicine,
    PregnancyAnswer,
)
from patients.registry.models import Patient
from tests.factories.people import PractitionerFactory

LONG_AGO = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


class PatientFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Patient

    number = factory.Sequence(lambda n: f"T{n:07d}")
    given_name = factory.Faker("first_name")
    family_name = factory.Faker("last_name")
    birth_date = date(1985, 4, 17)
    email = factory.Sequence(lambda n: f"patient{n}@mail.example")
    phone = factory.Sequence(lambda n: f"+3460{n:07d}")
    channel = "email"
    may_message = True
    created_at = LONG_AGO
    search_key = factory.LazyAttribute(lambda o: fold(f"{o.family_name} {o.given_name}"))
    phone_digits = factory.LazyAttribute(lambda o: digits(o.phone))


class AllergenFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Allergen

    key = factory.Sequence(lambda n: f"allergen_{n}")
    name = factory.Sequence(lambda n: f"Allergen {n}")


class ConditionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Condition

    key = factory.Sequence(lambda n: f"condition_{n}")
    name = factory.Sequence(lambda n: f"Condition {n}")
    code = factory.Sequence(lambda n: f"C{n}")
    question = "Do you have it?"
    effect = Effect.REASON


class MedicineFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Medicine

    key = factory.Sequence(lambda n: f"medicine_{n}")
    name = factory.Sequence(lambda n: f"Medicine {n}")
    group = MedicineGroup.NSAID
    stop_days = 7
    bleeding_risk = True


class PatientAllergyFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = PatientAllergy

    patient = factory.SubFactory(PatientFactory)
    allergen = factory.SubFactory(AllergenFactory)
    recorded_by = factory.SubFactory(PractitionerFactory)
    recorded_at = LONG_AGO


class PatientConditionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = PatientCondition

    patient = factory.SubFactory(PatientFactory)
    condition = factory.SubFactory(ConditionFactory)
    recorded_by = factory.SubFactory(PractitionerFactory)
    recorded_at = LONG_AGO


class PatientMedicineFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = PatientMedicine

    patient = factory.SubFactory(PatientFactory)
    medicine = factory.SubFactory(MedicineFactory)
    source = MedicineSource.SELF_BOUGHT
    recorded_by = factory.SubFactory(PractitionerFactory)
    recorded_at = LONG_AGO


def take_back(rows) -> None:
    """As if nobody had asked: what was said of a patient is never deleted."""
    rows.update(voided_at=F("recorded_at"), voided_by=F("recorded_by"), void_reason="x")


def asked(patient):
    """The patient, who was asked about everything and knows of nothing."""
    said = {"patient": patient, "recorded_by": PractitionerFactory(), "recorded_at": LONG_AGO}
    for topic in Topic:
        NoneKnown.objects.create(topic=topic, **said)
    PregnancyAnswer.objects.create(state=Pregnancy.NO, **said)
    return patient
