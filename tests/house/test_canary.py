"""A secret in every clinical field that holds text, and a search for it wherever the front desk may look."""

import json
import logging
from datetime import timedelta
from uuid import uuid4

import pytest
from django.apps import apps
from django.core import mail
from django.db import models
from django.test import Client

from clinic.core import clock
from clinic.core.logs import JsonFormatter
from clinic.staff.permissions import Role
from patients.history import models as history
from tests.factories.links import MedicinesToldFactory
from tests.factories.patients import (
    AllergenFactory,
    ConditionFactory,
    MedicineFactory,
    PatientFactory,
)
from tests.factories.people import FrontDeskFactory, PractitionerFactory, UserFactory
from tests.factories.recalls import EntryFactory
from tests.factories.treatments import (
    AppointmentFactory,
    ApprovedVersionFactory,
    AreaFactory,
    LotFactory,
    TechniqueFactory,
    VisitTypeFactory,
)
from tests.house.field_classes import CLASSES, CLINICAL, classes_of
from tests.house.test_matrix import PAGES
from tests.house.world import a_rule, an_indication
from tests.role_matrix import ROWS
from treatments.catalogue.models import RecipeLine
from treatments.charting.models import (
    Addendum,
    CloseOut,
    CoSignature,
    Injection,
    Preparation,
    PreparationLot,
    SafetyAnswer,
    SessionDraft,
    SessionPhoto,
    TreatmentPlan,
    TreatmentSession,
)
from treatments.recall.models import RecallMessage, RecallStep
from treatments.reminders.models import MedicineDecision, Reminder

pytestmark = pytest.mark.once

OURS = ("clinic", "patients", "treatments")
SECRET = "zqkanarie"
STATES = ["failed", "sent", "unknown", "skipped"]


def our_models():
    return [model for model in apps.get_models() if model.__module__.split(".")[0] in OURS]


def fields_of(model):
    own = [*model._meta.concrete_fields, *model._meta.many_to_many]
    return [field for field in own if field.name != "id" and not (field.primary_key and not field.is_relation)]


def test_every_field_of_every_model_is_classified_once():
    found = {
        f"{model._meta.label}.{field.name}": len(classes_of(model._meta.label, field.name))
        for model in our_models()
        for field in fields_of(model)
    }
    assert {name: count for name, count in found.items() if count != 1} == {}


def test_the_classes_speak_of_fields_that_exist():
    fields = {(model._meta.label, field.name) for model in our_models() for field in fields_of(model)}
    named = {(model, name) for model, kinds in CLASSES.items() for names in kinds.values() for name in names.split()}
    assert named - fields == set()


def secret_fields(model) -> list[str]:
    """The clinical fields into which words can be typed."""
    return [
        field.name
        for field in model._meta.concrete_fields
        if isinstance(field, (models.CharField, models.TextField))
        and not field.choices
        and classes_of(model._meta.label, field.name) == [CLINICAL]
    ]


SECRETS = {
    f"{model._meta.label}.{name}": f"{SECRET}{number:02d}x"
    for number, (model, name) in enumerate((model, name) for model in our_models() for name in secret_fields(model))
}


def secrets(model, *without) -> dict:
    label = model._meta.label
    return {name: SECRETS[f"{label}.{name}"] for name in secret_fields(model) if name not in without}


class World:
    """One patient of whom everything is known, with secrets of that patient's own."""

    def __init__(self):
        self.doctor = PractitionerFactory()
        self.patient = PatientFactory(given_name="Berta", family_name="Soler", phone="+34600111222")
        now = clock.now()
        said = {"patient": self.patient, "recorded_by": self.doctor, "recorded_at": now}
        taken_back = {"voided_at": now, "voided_by": self.doctor}
        for model, facts in [
            (history.PatientAllergy, {"allergen": AllergenFactory(name=f"{SECRET}allergen")}),
            (history.PatientCondition, {"condition": ConditionFactory(name=f"{SECRET}condition")}),
            (history.PatientMedicine, {"medicine": MedicineFactory(name=f"{SECRET}medicine"), "source": "prescribed"}),
            (history.NoneKnown, {"topic": "allergies"}),
            (history.PregnancyAnswer, {"state": "pregnant"}),
        ]:
            if model is not history.NoneKnown:
                model.objects.create(**said | facts | secrets(model, "void_reason"))
            model.objects.create(**said | facts | taken_back | secrets(model))
        self.open = self.session("draft")
        TreatmentPlan.objects.create(
            patient=self.patient,
            indication_id=an_indication(None),
            version=ApprovedVersionFactory(),
            status="stopped",
            made_by=self.doctor,
            made_at=now,
            ended_by=self.doctor,
            ended_at=now,
            **secrets(TreatmentPlan),
        )
        self.signed = self.session("signed")
        self.voided = self.session("voided", voided_at=now, voided_by=self.doctor)
        Addendum.objects.create(
            session=self.signed, submission=uuid4(), written_by=self.doctor, written_at=now, **secrets(Addendum)
        )
        CloseOut.objects.create(
            session=self.signed, next_visit="none", closed_by=self.doctor, closed_at=now, **secrets(CloseOut)
        )
        CoSignature.objects.create(
            session=self.signed,
            submission=uuid4(),
            by=PractitionerFactory(),
            at=now,
            kind="asked",
            **secrets(CoSignature),
        )
        self.visit = AppointmentFactory(
            patient=self.patient,
            practitioner=self.doctor,
            starts_at=clock.day_bounds(clock.today())[0] + timedelta(hours=10),
            visit_type=VisitTypeFactory(name="Session"),
            override_reason=SECRETS["scheduling.Appointment.override_reason"],
            session=self.open,
        )
        self.failed, *_others = [self.message(status, number) for number, status in enumerate(STATES)]
        self.decision = MedicineDecision.objects.create(
            appointment=self.visit,
            patient=self.patient,
            medicine=self.patient.patientmedicine_rows.filter(voided_at=None).get(),
            opened_at=now,
            **secrets(MedicineDecision),
        )

        secret = SECRETS["links.ToldMedicine.name"]
        MedicinesToldFactory(link__appointment=self.visit, patient=self.patient, medicine=secret)
        self.recalled = EntryFactory(patient=self.patient)
        step = {"entry": self.recalled, "status": "reached", "by": self.doctor, "at": now}
        RecallStep.objects.create(**step, **secrets(RecallStep))
        letter = {"entry": self.recalled, "channel": "email", "sent_by": self.doctor, "at": now}
        RecallMessage.objects.create(**letter, submission=uuid4(), **secrets(RecallMessage))

    def message(self, status, number) -> Reminder:
        return Reminder.objects.create(
            appointment=self.visit,
            patient=self.patient,
            rule=a_rule(),
            channel="email",
            starts_at=self.visit.starts_at + timedelta(seconds=number),
            due_at=clock.now(),
            next_try_at=clock.now(),
            sent_at=clock.now() if status == "sent" else None,
            status=status,
            text_kind="keep_taking",
            **secrets(Reminder),
        )

    def session(self, status, **void) -> TreatmentSession:
        """A session in that status, written past the services: each text is a secret."""
        version = ApprovedVersionFactory(formulation__name=f"{SECRET}formulation {status}")
        session = TreatmentSession.objects.create(
            patient=self.patient,
            practitioner=self.doctor,
            started_at=clock.now(),
            indication_id=an_indication(None),
        )
        syringe = {"id": "p1", "version_id": version.pk, "volume_ml": "5", "lots": {}} | secrets(Preparation)
        content = {"preparations": [syringe], "injections": [], "note": SECRETS["charting.TreatmentSession.note"]}
        SessionDraft.objects.create(session=session, content=content, saved_at=clock.now())
        if status != "draft":
            self.write_rows(session, version)
            texts = secrets(TreatmentSession, "void_reason")
            signed = {"status": "signed", "signed_at": clock.now(), "signed_by": self.doctor}
            TreatmentSession.objects.filter(pk=session.pk).update(**texts, **signed)
        if status == "voided":
            reason = {"void_reason": SECRETS["charting.TreatmentSession.void_reason"]}
            TreatmentSession.objects.filter(pk=session.pk).update(status=status, **void, **reason)
        return session

    def write_rows(self, session, version) -> None:
        line = RecipeLine.objects.filter(version=version).first()
        numbered = ["number"] if Preparation.objects.exists() else []  # there is each number once
        syringe = Preparation.objects.create(
            session=session, position=1, version=version, volume_ml=5, **secrets(Preparation, *numbered)
        )
        SafetyAnswer.objects.create(session=session, effect="stop", **secrets(SafetyAnswer))
        added = {"width": 4, "height": 3, "added_by": self.doctor, "added_at": clock.now()}
        SessionPhoto.objects.create(session=session, **added, **secrets(SessionPhoto))
        PreparationLot.objects.create(preparation=syringe, line=line, lot=LotFactory(ingredient=line.ingredient))
        Injection.objects.create(
            session=session,
            preparation=syringe,
            area=AreaFactory(name=f"{SECRET}area"),
            side="left",
            technique=TechniqueFactory(name=f"{SECRET}technique"),
            depth_mm=3,
            volume_ml="0.05",
            count=1,
            **secrets(Injection),
        )

    def url(self, page, person) -> str:
        """The page about this patient, where it is about a patient."""
        ours = {
            "patient_id": self.patient.pk,
            "appointment_id": self.visit.pk,
            "session_id": self.signed.pk,
            "reminder_id": self.failed.pk,
            "decision_id": self.decision.pk,
            "case_id": self.recalled.case_id,
            "entry_id": self.recalled.pk,
            "practitioner_id": self.doctor.pk,
            "day": clock.today(),
        }
        return page.url(person, **{name: value for name, value in ours.items() if name in page.parameters})


QUERIES = ["Soler", "Berta", "600111222", SECRET[:-1], "zqk", "1985-04-17", "17.04.1985"]


def everything_shown(world, person, rows) -> str:
    """All that the person gets to see on every page, whatever they type into its fields."""
    client, shown = Client(), []
    client.force_login(person)
    for name, _get, _post in rows:
        if name in {"account_logout", "account_change_password", "staff:deactivate", "staff:reactivate"}:
            continue
        url = world.url(PAGES[name], person)
        answers = [client.get(url), client.get(url, headers={"HX-Request": "true"}), client.post(url)]
        if "find" in name or name in {"registry:patients", "registry:look_alikes", "scheduling:book"}:
            for text in QUERIES:
                asked = {"q": text, "query": text, "name": text, "family_name": text, "patient": text}
                answers += [client.get(url, asked), client.post(url, asked)]
        for answer in answers:
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content
            shown.append(body.decode(errors="replace") + json.dumps(dict(answer.headers)))
    return "\n".join(shown)


@pytest.fixture
def world(clinic_row, madrid, caplog):
    caplog.set_level(logging.DEBUG)
    return World()


def told_to_the_log(caplog) -> str:
    formatter = JsonFormatter()
    return caplog.text + "\n".join(formatter.format(record) for record in caplog.records if record.levelno > 10)


def test_every_clinical_field_holds_its_secret(world):
    """The control of the control: what is not in the database cannot be found on a page."""
    empty = []
    for name, secret in SECRETS.items():
        label, _dot, field = name.rpartition(".")
        if not apps.get_model(label).objects.filter(**{field: secret}).exists():
            empty.append(name)
    assert empty == []


def test_the_front_desk_sees_none_of_them(world, caplog):
    rows = [row for row in ROWS if any(answers.split()[2] not in {"403", "login"} for answers in row[1:])]
    assert len(rows) > 40
    shown = everything_shown(world, FrontDeskFactory(), rows)
    assert "Soler" in shown, "the desk does look at this patient"
    assert SECRET not in shown
    assert SECRET not in told_to_the_log(caplog)
    assert all(SECRET not in message.subject for message in mail.outbox)


@pytest.mark.slow
def test_nor_by_addresses_that_are_not_theirs(world):
    shown = everything_shown(world, FrontDeskFactory(), [row for row in ROWS if "403" in row[1] or "403" in row[2]])
    assert SECRET not in shown


@pytest.mark.slow
def test_nor_does_an_administrator_see_what_was_written_about_the_patient(world, caplog):
    """The catalogue's own words are an administrator's to keep; the patient's are not."""
    shown = everything_shown(world, UserFactory(roles=[Role.ADMINISTRATOR]), ROWS)
    assert "Soler" in shown
    assert [name for name, secret in SECRETS.items() if secret in shown] == []
    assert SECRET not in told_to_the_log(caplog)


# Text that no page shows: digests, and words beside answers that speak for themselves
NOWHERE = {
    "charting.Addendum.signature",
    "charting.CoSignature.signature",
    "charting.SafetyAnswer.about",
    "charting.SafetyAnswer.rule",
    "charting.SessionPhoto.sha256",
    "charting.TreatmentSession.content_hash",
    "charting.TreatmentSession.signature",
    "history.NoneKnown.note",
    "history.NoneKnown.void_reason",
    "history.PregnancyAnswer.note",
    "history.PregnancyAnswer.void_reason",
    "reminders.MedicineDecision.note",
    "reminders.MedicineDecision.prescriber",
}


@pytest.mark.slow
def test_the_practitioner_does_see_them(world):
    """The positive control: the pages would show the secrets, if one only might look."""
    shown = everything_shown(world, world.doctor, ROWS)
    client = Client()
    client.force_login(world.doctor)
    for session in (world.open, world.signed, world.voided):
        for page in ("charting:session", "charting:chart", "charting:void"):
            shown += client.get(PAGES[page].url(session_id=session.pk)).content.decode()
    unseen = {name for name, secret in SECRETS.items() if secret not in shown}
    assert unseen == NOWHERE
    for word in ("allergen", "condition", "medicine", "area", "technique"):
        assert f"{SECRET}{word}" in shown
