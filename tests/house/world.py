"""An object for every URL that speaks of one, made for the person who asks."""

from datetime import date
from uuid import uuid4

from clinic.staff.permissions import Role
from patients.history.enums import Topic
from patients.history.models import PatientCondition
from patients.registry.models import PatientImport
from tests.factories.links import (
    LinkFactory,
    MedicinesToldFactory,
    MessageStopFactory,
    MoveRequestFactory,
    StopLinkFactory,
)
from tests.factories.patients import (
    LONG_AGO,
    AllergenFactory,
    ConditionFactory,
    PatientAllergyFactory,
    PatientFactory,
    PatientMedicineFactory,
)
from tests.factories.people import AdministratorFactory, FrontDeskFactory, PractitionerFactory, UserFactory
from tests.factories.pictures import upload
from tests.factories.recalls import CaseFactory, EntryFactory
from tests.factories.treatments import (
    AppointmentFactory,
    ApprovedVersionFactory,
    AreaFactory,
    CalendarFeedFactory,
    DraftVersionFactory,
    FormulationFactory,
    HoursExceptionFactory,
    IngredientClassFactory,
    IngredientFactory,
    LotFactory,
    PlanFactory,
    ProductFactory,
    RoomFactory,
    SessionFactory,
    SlotOfferFactory,
    TechniqueFactory,
    VisitTypeFactory,
    WaitingEntryFactory,
)
from treatments.catalogue.exchange import services as exchange
from treatments.catalogue.models import Incompatibility, Indication, KnownKey
from treatments.catalogue.queries import RULES
from treatments.charting.models import DraftVersion, SafetyRule, Snippet
from treatments.charting.photos import add_photo
from treatments.charting.safety_settings import load_safety_rules
from treatments.links.services import token_for
from treatments.reminders.models import MedicineDecision, MessageText, Reminder, ReminderRule
from treatments.reminders.services import load_default_rules_and_texts
from treatments.scheduling.links import token_of
from treatments.scheduling.models import Course

FACTORIES = {
    Role.PRACTITIONER: PractitionerFactory,
    Role.FRONT_DESK: FrontDeskFactory,
    Role.ADMINISTRATOR: AdministratorFactory,
}


def a_practitioner(person):
    """The person who asks when they are one, else somebody else."""
    return person if person and Role.PRACTITIONER in person.role_names else PractitionerFactory()


def an_import(person) -> int:
    return PatientImport.objects.create(
        file_name="list.csv",
        content=b"name;born\nRuiz;1985-04-17\n",
        digest="0" * 64,
        encoding="utf-8",
        delimiter=";",
        header=["name", "born"],
        created_by=person or UserFactory(),
        created_at=LONG_AGO,
        touched_at=LONG_AGO,
    ).pk


def a_package(person) -> int:
    """A signed package that somebody is looking at."""
    version = ApprovedVersionFactory()
    person = person or UserFactory()
    content = exchange.export_recipes(version_ids=[version.pk], by=person, at=LONG_AGO)
    return exchange.keep_file(content=content, file_name="recipes.yaml", by=person, at=LONG_AGO).pk


def a_known_key(person) -> int:
    key = f"{KnownKey.objects.count():064x}"
    return exchange.name_key(public_key=key, name="Clínica Sur", by=person or UserFactory(), at=LONG_AGO).pk


def an_indication(person) -> int:
    return Indication.objects.create(key=f"indication_{Indication.objects.count()}", name="Alopecia").pk


def a_rule(person=None) -> ReminderRule:
    load_default_rules_and_texts()
    return ReminderRule.objects.first()


def a_safety_rule(person) -> int:
    load_safety_rules()
    return SafetyRule.objects.get(key="interval_area").pk


def a_text(person) -> int:
    a_rule()
    return MessageText.objects.first().pk


def a_reminder(person=None) -> int:
    """A message that failed: the one kind that the desk may do something about."""
    visit = AppointmentFactory()
    return Reminder.objects.create(
        appointment=visit,
        patient=visit.patient,
        rule=a_rule(),
        channel="email",
        starts_at=visit.starts_at,
        due_at=LONG_AGO,
        next_try_at=LONG_AGO,
        status="failed",
    ).pk


def a_decision(person=None) -> int:
    visit = AppointmentFactory()
    return MedicineDecision.objects.create(
        appointment=visit,
        patient=visit.patient,
        medicine=PatientMedicineFactory(patient=visit.patient),
        opened_at=LONG_AGO,
    ).pk


def a_condition(person=None) -> PatientCondition:
    return PatientCondition.objects.create(
        patient=PatientFactory(),
        condition=ConditionFactory(),
        recorded_by=PractitionerFactory(),
        recorded_at=LONG_AGO,
    )


def of_patient(row, **others) -> dict:
    return {"patient_id": row.patient_id, "row_id": row.pk} | others


def of_course(person) -> dict:
    visit = AppointmentFactory()
    visit.course = Course.objects.create(
        patient=visit.patient, submission=uuid4(), created_by=visit.booked_by, created_at=LONG_AGO
    )
    visit.save()
    return {"appointment_id": visit.pk}


def a_word(person) -> dict:
    return {"kind": "allergens", "term_id": AllergenFactory().pk}


def against(kind: str, word) -> dict:
    """Builders of what speaks against an ingredient, to add and to edit."""
    model = RULES[kind][0]

    def edited(person) -> dict:
        rule = model.objects.create(key=uuid4(), ingredient=IngredientFactory(), effect="stop", **{kind: word()})
        return {"rule_id": rule.pk}

    edits = {f"catalogue:{act}_{kind}_rule": edited for act in ("edit", "retire", "restore")}
    return edits | {f"catalogue:add_{kind}_rule": lambda person: {"term_id": IngredientFactory().pk}}


def a_pair(person) -> dict:
    first, second = IngredientFactory(), IngredientFactory()
    pair = Incompatibility.objects.create(key=uuid4(), first=first, second=second, effect="stop")
    return {"rule_id": pair.pk}


def a_limit(person) -> dict:
    return {"term_id": IngredientFactory().pk, "per": "session"}


def a_legal_status(person) -> dict:
    legal = [{"country": "US", "status": "unapproved", "source": "https://example.org/a"}]
    return {"term_id": IngredientFactory(legal=legal).pk, "country": "US"}


def a_recall_text(person) -> dict:
    return {"text_id": CaseFactory().texts.first().pk}


def an_earlier_version(person) -> dict:
    session = SessionFactory(practitioner=a_practitioner(person))
    content, at = {"note": "Before."}, session.started_at
    kept = DraftVersion.objects.create(session=session, version=1, content=content, saved_at=at)
    return {"session_id": session.pk, "kept_id": kept.pk}


def a_photo(person) -> dict:
    session = SessionFactory(practitioner=a_practitioner(person))
    added = add_photo(session_id=session.pk, photo=upload(), by=session.practitioner)
    return {"session_id": session.pk, "photo_id": added.pk}


# What stands for a parameter of that name: a function of the person who asks
BUILDERS = {
    "user_id": lambda person: UserFactory().pk,
    "uidb36": lambda person: "1",
    "key": lambda person: "none",
    "reference": lambda person: "reminder-1-0",
    "day": lambda person: date(2026, 11, 23),
    "patient_id": lambda person: PatientFactory().pk,
    "import_id": an_import,
    "formulation_id": lambda person: FormulationFactory().pk,
    "version_id": lambda person: DraftVersionFactory().pk,
    "product_id": lambda person: ProductFactory().pk,
    "file_id": a_package,
    "key_id": a_known_key,
    "lot_id": lambda person: LotFactory().pk,
    "session_id": lambda person: SessionFactory(practitioner=a_practitioner(person)).pk,
    "plan_id": lambda person: PlanFactory().pk,
    "appointment_id": lambda person: AppointmentFactory().pk,
    "visit_type_id": lambda person: VisitTypeFactory().pk,
    "room_id": lambda person: RoomFactory().pk,
    "practitioner_id": lambda person: PractitionerFactory().pk,
    "feed_id": lambda person: CalendarFeedFactory(practitioner=a_practitioner(person)).pk,
    "offer_id": lambda person: SlotOfferFactory().pk,
    "exception_id": lambda person: HoursExceptionFactory().pk,
    "link": lambda person: LinkFactory().pk,
    "link_id": lambda person: LinkFactory().pk,
    "stop_id": lambda person: MessageStopFactory(patient=PatientFactory()).pk,
    "request_id": lambda person: MoveRequestFactory().pk,
    "told_id": lambda person: MedicinesToldFactory().pk,
    "reminder_id": a_reminder,
    "decision_id": a_decision,
    "case_id": lambda person: CaseFactory().pk,
    "entry_id": lambda person: EntryFactory().pk,
    "rule_id": lambda person: a_rule().pk,
    "safety_rule_id": a_safety_rule,
    "phrase_id": lambda person: Snippet.objects.create(code=f"ice{Snippet.objects.count()}", text="Ice.").pk,
    "text_id": a_text,
    "topic": lambda person: Topic.ALLERGIES,
    "kind": lambda person: "allergens",
}
TERMS = {
    "area": lambda person: AreaFactory().pk,
    "indication": an_indication,
    "technique": lambda person: TechniqueFactory().pk,
    "ingredient": lambda person: IngredientFactory().pk,
    "class": lambda person: IngredientClassFactory().pk,
}
# URLs whose parameters mean something else than their name, or belong together: a function that returns them all
KWARGS = (
    {
        f"catalogue:{act}{kind}": lambda person, make=make: {"term_id": make(person)}
        for kind, make in TERMS.items()
        for act in ("", "edit_", "retire_", "restore_", "switch_")
    }
    | against("allergen", AllergenFactory)
    | against("condition", ConditionFactory)
    | {
        "catalogue:add_pair_rule": lambda person: {"term_id": IngredientFactory().pk},
        "catalogue:edit_pair_rule": a_pair,
        "catalogue:retire_pair_rule": a_pair,
        "catalogue:restore_pair_rule": a_pair,
        "catalogue:limit": a_limit,
        "catalogue:add_legal": lambda person: {"term_id": IngredientFactory().pk},
        "catalogue:legal": a_legal_status,
        "scheduling:feed": lambda person: {"token": token_of("feed", CalendarFeedFactory().nonce)},
        "scheduling:answer_offer": lambda person: {"token": token_of("offer", SlotOfferFactory().nonce)},
        "links:open": lambda person: {"token": token_for(LinkFactory())},
        "links:one_click": lambda person: {"token": token_for(StopLinkFactory())},
        "scheduling:edit_wish": lambda person: {"entry_id": WaitingEntryFactory().pk},
        "scheduling:take_off_list": lambda person: {"entry_id": WaitingEntryFactory().pk},
        "scheduling:move_course": of_course,
        "scheduling:cancel_course": of_course,
        "charting:earlier_version": an_earlier_version,
        "charting:photo": a_photo,
        "charting:remove_photo": a_photo,
        "recall:received": lambda person: {"kind": "lot", "row_id": LotFactory().pk},
        "recall:export": lambda person: {"kind": "lot", "row_id": LotFactory().pk},
        "recall:open": lambda person: {"kind": "lot", "row_id": LotFactory().pk},
        "recall:edit_text": a_recall_text,
        "reminders:restore_text": lambda person: {"text_id": a_text(person), "version": 1},
        "recall:message": lambda person: {"entry_id": EntryFactory().pk, "channel": "email"},
        "history:edit_word": a_word,
        "history:retire_word": a_word,
        "history:restore_word": a_word,
        "history:end_condition": lambda person: of_patient(a_condition()),
        "history:stop_medicine": lambda person: of_patient(PatientMedicineFactory()),
        "history:void": lambda person: of_patient(PatientAllergyFactory(), kind="allergies"),
    }
)
