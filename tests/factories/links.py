from datetime import timedelta

import factory

from clinic.core.tokens import SHORT, digest_of, new_seed, token_of
from tests.factories.patients import LONG_AGO
from tests.factories.treatments import AppointmentFactory
from treatments.links.enums import Purpose, Topic, When
from treatments.links.models import MedicinesTold, MessageStop, MoveRequest, PatientLink, ToldMedicine


class LinkFactory(factory.django.DjangoModelFactory):
    """A link about a visit, as a message would carry it."""

    class Meta:
        model = PatientLink

    purpose = Purpose.VISIT
    appointment = factory.SubFactory(AppointmentFactory)
    patient = factory.SelfAttribute("appointment.patient")
    starts_at = factory.SelfAttribute("appointment.starts_at")
    expires_at = factory.SelfAttribute("starts_at")
    key = factory.Sequence(lambda n: f"key {n}")
    seed = factory.LazyFunction(new_seed)
    token_digest = factory.LazyAttribute(lambda o: digest_of(token_of(o.purpose, o.seed, size=SHORT)))
    issued_at = LONG_AGO


class StopLinkFactory(LinkFactory):
    purpose = Purpose.STOP
    channel = "email"
    topic = Topic.REMINDERS
    expires_at = factory.LazyAttribute(lambda o: LONG_AGO + timedelta(days=3650))


class MoveRequestFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = MoveRequest

    link = factory.SubFactory(LinkFactory)
    appointment = factory.SelfAttribute("link.appointment")
    starts_at = factory.SelfAttribute("link.starts_at")
    when = When.NEXT_WEEK
    parts = ["morning"]
    asked_at = LONG_AGO


class MedicinesToldFactory(factory.django.DjangoModelFactory):
    """One medicine, named `medicine`."""

    class Meta:
        model = MedicinesTold
        skip_postgeneration_save = True

    link = factory.SubFactory(LinkFactory, purpose=Purpose.TAKEN)
    appointment = factory.SelfAttribute("link.appointment")
    patient = factory.SelfAttribute("link.patient")
    told_at = LONG_AGO

    @factory.post_generation
    def medicine(self, create, extracted, **kwargs):
        name = extracted or "ibuprofen"
        ToldMedicine.objects.create(told=self, name=name, last_taken="yesterday", source="self_bought")


class MessageStopFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = MessageStop

    channel = "email"
    topic = Topic.REMINDERS
    stopped_at = LONG_AGO
