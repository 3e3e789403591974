"""A believable clinic, built through the same services that people use: nothing here writes a row itself.

It stands once: when the demo's people are there already, everything stays as it is.
"""

import random
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from uuid import uuid4

from django.core.management import call_command
from django.utils import timezone

from clinic.core import clock
from clinic.core.errors import Refused
from clinic.core.text import fold
from clinic.staff import services as staff
from clinic.staff.models import User
from patients.history import services as history
from patients.history.models import Allergen, Condition, Medicine, Product
from patients.registry import services as registry
from patients.registry.models import Patient
from treatments.catalogue import services as catalogue
from treatments.catalogue.models import FormulationVersion, Indication, Ingredient
from treatments.charting import plans
from treatments.charting import services as charting
from treatments.demo import desk
from treatments.demo.people import CLINIC, PASSWORD, PATIENTS, STAFF
from treatments.demo.sessions import content_for, review, with_reasons
from treatments.reminders.services import load_default_rules_and_texts, plan_reminders
from treatments.scheduling import hours
from treatments.scheduling import services as scheduling
from treatments.scheduling import settings_services as offering
from treatments.scheduling.models import Appointment, Room, VisitType
from treatments.stock import services as stock

CHANCE = random.Random(7)  # noqa: S311 -- the same clinic every time

SLOTS = [time(9), time(10, 30), time(12), time(15), time(16, 30), time(18)]

# name: purpose, lines of (ingredient, strength per mL, volume in mL)
RECIPES = {
    "Face revitaliser": (
        "Fine lines and dull skin",
        [("ha_non_crosslinked", "14", "2.5"), ("vitamin_c", "50", "0.5"), ("saline_09", None, "2")],
    ),
    "Thigh cellulite mix": (
        "Dimpled skin on thighs and buttocks",
        [("l_carnitine", "100", "1"), ("organic_silicon", "5", "2"), ("saline_09", None, "2")],
    ),
    "Scalp density": (
        "Thinning hair",
        [("dexpanthenol", "250", "1"), ("biotin", "5", "1"), ("saline_09", None, "3")],
    ),
    "Even tone": ("Dark patches", [("tranexamic_acid", "50", "0.5"), ("saline_09", None, "4.5")]),
}
DELIVERED = [Decimal(60), Decimal(100), Decimal(250)]  # mL
DRAFT_RECIPE = ("Circulation, legs", "Heavy legs", [("pentoxifylline", "20", "2"), ("saline_09", None, "3")])

# patient: what they tell; medicines as (substance or product, how they get it, what for)
HISTORIES = {
    "Carmen": {"medicines": [("ibuprofen", "self_bought", "headaches")], "allergies": []},
    "Sofía": {"allergies": [("soy", 3, "throat swelled")], "medicines": []},
    "Łukasz": {"medicines": [], "allergies": []},
    "Amélie": {"allergies": [("sulfite", 1, "sneezing")], "conditions": ["dark_marks"], "medicines": []},
    "Jürgen": {
        "medicines": [("warfarin", "prescribed", "atrial fibrillation")],
        "conditions": ["heart_disease"],
        "allergies": [],
    },
    "Nguyễn": {"allergies": [], "conditions": ["faints"], "medicines": []},
    "Rosa": {"medicines": [("aspirin", "prescribed", "after a stroke")], "conditions": ["stroke"], "allergies": []},
    "Patricia": {"medicines": [("alka_seltzer", "self_bought", "upset stomach")], "allergies": []},
    "Inés": {"medicines": [], "allergies": [], "pregnancy": "trying"},
    "Elena": {"allergies": [("amide_anaesthetic", 2, "rash")], "medicines": []},
    "Beatriz": {"conditions": ["autoimmune_thyroid"], "medicines": [], "allergies": []},
}


def build() -> None:
    """Everything, in the order in which a clinic would do it."""
    load_default_rules_and_texts(at=clock.now() - timedelta(days=1))  # in use before anybody is booked
    call_command("load_reference", verbosity=0)
    if User.objects.filter(is_demo=True).exists():
        return
    profile = staff.update_clinic(by=None, **CLINIC)
    with timezone.override(profile.time_zone):
        people = {
            key: staff.add_person(
                email=email,
                full_name=name,
                qualification=qualification,
                roles=roles,
                password=PASSWORD,
                is_demo=True,
                by=None,
            )
            for key, (email, name, qualification, _colour, roles) in STAFF.items()
        }
        furnish(people)
        lots = stock_shelves(people)
        versions = write_recipes(people)
        patients = register(people)
        ask_histories(people, patients)
        plan_courses(people, patients, versions)
        treat(people, patients, versions, lots)
        improve_recipe(people, versions["Even tone"])
        desk.give_leave(people)
        fill_calendar(people, patients)
        desk.book_course(people, patients["Carmen"])
        desk.keep_waiting_list(people, patients)
        desk.open_recall(people, lots[Ingredient.objects.get(key="organic_silicon").pk])
    plan_reminders()


def furnish(people) -> None:
    """Rooms, visit types and hours."""
    by = people["luis"]
    for name in ("Room 1", "Room 2", "Consulting room"):
        offering.add_room(name=name, by=by)
    offering.add_visit_type(name="First consultation", kind="consultation", minutes=30, colour="#1f4f82", by=by)
    offering.add_visit_type(
        name="Mesotherapy session",
        kind="session",
        minutes=45,
        minutes_after=15,
        consultation_within_days=365,
        colour="#0f6b6b",
        by=by,
    )
    offering.add_visit_type(name="Follow-up", kind="follow_up", minutes=15, colour="#7a4b00", by=by)
    days = {0, 1, 2, 3, 4, clock.today().weekday()}  # whatever day the demo is first looked at, it is a working day
    week = [(day, start, end) for day in days for start, end in ((time(9), time(14)), (time(15), time(20)))]
    for key in ("ana", "jonas"):
        hours.set_working_hours(practitioner=people[key], hours=week, by=by)


def stock_shelves(people) -> dict[int, int]:
    """A lot of every ingredient that the recipes need; returns which lot is open for each ingredient's id."""
    today, lots = clock.today(), {}
    keys = {key for _purpose, lines in RECIPES.values() for key, *_ in lines} | {"pentoxifylline", "lidocaine"}
    for number, ingredient in enumerate(Ingredient.objects.filter(key__in=keys).order_by("key")):
        lot = stock.receive_lot(
            ingredient=ingredient,
            number=f"A{2600 + 7 * number}",
            expires_on=today + timedelta(days=[25, 210, 400][number % 3]),
            supplier="Farmacia Central",
            volume_ml=DELIVERED[number % 3],
            location="Cupboard 1",
            by=people["luis"],
            at=clock.now() - timedelta(days=150),
        )
        lots[ingredient.pk] = lot.pk
    return lots


def write_recipes(people) -> dict[str, FormulationVersion]:
    ingredients = {row.key: row for row in Ingredient.objects.all()}
    versions = {}
    for name, (purpose, lines) in RECIPES.items():
        draft = _draft(name, purpose, lines, ingredients, people)
        versions[name] = catalogue.approve_version(
            version=draft, edits=draft.edits, password=PASSWORD, by=people["ana"]
        )
    _draft(*DRAFT_RECIPE, ingredients, people)
    return versions


def _draft(name, purpose, lines, ingredients, people) -> FormulationVersion:
    total = sum(Decimal(volume) for *_, volume in lines)
    draft = catalogue.create_formulation(name=name, purpose=purpose, total_volume_ml=total, by=people["luis"])
    return catalogue.save_draft(
        version=draft,
        edits=draft.edits,
        total_volume_ml=total,
        lines=[
            catalogue.Line(ingredients[key], Decimal(strength) if strength else None, Decimal(volume))
            for key, strength, volume in lines
        ],
        notes="Draw up the thickest component first; use within the hour.",
        by=people["luis"],
    )


def improve_recipe(people, version: FormulationVersion) -> None:
    """The next version of a recipe, with care texts and somewhat more of what works, in place of the one before."""
    formulation = version.formulation
    care = {"after_care": "Sun cream of factor 50 every morning for four weeks."}
    catalogue.edit_formulation(formulation=formulation, values={"name": formulation.name} | care, by=people["luis"])
    draft = catalogue.add_draft_version(formulation=formulation, copy_of=version, by=people["luis"])
    active, saline = version.lines.select_related("ingredient")
    draft = catalogue.save_draft(
        version=draft,
        edits=draft.edits,
        total_volume_ml=version.total_volume_ml,
        lines=[
            catalogue.Line(active.ingredient, active.concentration, Decimal("0.8")),
            catalogue.Line(saline.ingredient, None, Decimal("4.2")),
        ],
        notes=version.notes,
        change_note="0.5 mL faded too little in three months.",
        by=people["luis"],
    )
    catalogue.approve_version(version=draft, edits=draft.edits, password=PASSWORD, replaces=True, by=people["ana"])


def register(people) -> dict[str, Patient]:
    """Twenty-four people, some written to by text message, one who wants no messages."""
    patients = {}
    for number, (given, family, born, sex, phone, language) in enumerate(PATIENTS):
        patients[given] = registry.register_patient(
            given_name=given,
            family_name=family,
            birth_date=born,
            sex=sex,
            phone=phone,
            email=f"{fold(given)}.{fold(family).replace(' ', '')[:20]}@mail.example".replace(" ", ""),
            channel="sms" if number % 5 == 3 else "email",
            may_message=number % 11 != 9,
            language=language,
            desk_note="Needs the lift." if given == "Rosa" else "",
            by=people["marta"],
        )
    return patients


def ask_histories(people, patients) -> None:
    allergens = {row.key: row for row in Allergen.objects.all()}
    conditions = {row.key: row for row in Condition.objects.all()}
    medicines = {row.key: row for row in Medicine.objects.all()}
    products = {row.key: row for row in Product.objects.all()}
    by = people["ana"]
    for name, told in HISTORIES.items():
        patient = patients[name]
        for key, severity, reaction in told.get("allergies", []):
            history.record_allergy(
                patient=patient, allergen=allergens[key], severity=severity, reaction=reaction, by=by
            )
        for key in told.get("conditions", []):
            history.record_condition(patient=patient, condition=conditions[key], by=by)
        for key, source, purpose in told.get("medicines", []):
            history.record_medicine(
                patient=patient,
                medicine=medicines.get(key),
                product=products.get(key),
                source=source,
                purpose=purpose,
                by=by,
            )
        for topic in ("allergies", "conditions", "medicines"):
            if not told.get(topic):
                history.record_none_known(patient=patient, topic=topic, by=by)
        if patient.sex == "female":
            history.record_pregnancy(patient=patient, state=told.get("pregnancy", "no"), by=by)


def treat(people, patients, versions, lots) -> None:
    """Past consultations and signed sessions, weeks apart, so that charts have a last time to look at."""
    courses = [
        ("Carmen", "ana", "Thigh cellulite mix", 3),
        ("Łukasz", "ana", "Scalp density", 2),
        ("Amélie", "ana", "Even tone", 1),
        ("Patricia", "jonas", "Face revitaliser", 2),
        ("Elena", "jonas", "Face revitaliser", 1),
        ("Beatriz", "ana", "Thigh cellulite mix", 1),
    ]
    for place, (name, doctor, recipe, times) in enumerate(courses):
        begin = _workday(clock.today() - timedelta(days=14 * times + 21 + place))
        _visit(people, patients[name], doctor, "First consultation", begin, time(10))
        for number in range(times):
            day = _workday(begin + timedelta(days=14 * (number + 1)))
            visit = _visit(people, patients[name], doctor, "Mesotherapy session", day, time(11), finish=False)
            if visit:
                _chart(people[doctor], visit, versions[recipe], lots)
    for name in ("Jürgen", "Rosa", "Sofía", "Nguyễn", "Inés", "Victoria", "Dana", "Pilar"):
        day = _workday(clock.today() - timedelta(days=CHANCE.randrange(8, 40)))
        _visit(people, patients[name], CHANCE.choice(["ana", "jonas"]), "First consultation", day, time(16))


def plan_courses(people, patients, versions) -> None:
    """Two patients in the middle of their sessions."""
    indications = {row.key: row for row in Indication.objects.all()}
    courses = [
        (
            "Carmen",
            "cellulite",
            "Thigh cellulite mix",
            [("thigh_front", "left"), ("thigh_front", "right")],
            [0, 2, 4, 6],
        ),
        ("Łukasz", "alopecia", "Scalp density", [("scalp_vertex", "none")], [0, 2, 4, 8, 12]),
    ]
    for name, indication, recipe, areas, weeks in courses:
        plans.make_plan(
            patient=patients[name],
            indication=indications[indication],
            version=versions[recipe],
            areas=areas,
            weeks=weeks,
            by=people["ana"],
            at=clock.now() - timedelta(days=14 * len(weeks)),
        )


def _visit(people, patient, doctor, type_name, day: date, wall: time, *, finish=True) -> Appointment | None:
    """A visit that took place: booked a week ahead, arrived, begun and (unless charted) done."""
    starts = clock.instant(day, wall)
    for minutes in (0, 60, 120):
        try:
            moment = starts + timedelta(minutes=minutes)
            visit = _book(people, patient, doctor, type_name, moment, at=moment - timedelta(days=7))
            break
        except Refused:
            continue
    else:
        return None
    at = visit.starts_at
    for move in (scheduling.mark_arrived, scheduling.start_visit, *([scheduling.finish_visit] if finish else [])):
        visit = move(appointment_id=visit.pk, version=visit.version, by=people[doctor], at=at)
        at += timedelta(minutes=10)
    return visit


def _chart(doctor, visit, version, lots) -> None:
    at = visit.starts_at + timedelta(minutes=35)
    reviewed = review(visit.session, doctor, visit.starts_at)
    content = with_reasons(content_for(version, lots), visit.session)
    draft = charting.save_draft(session_id=visit.session_id, version=reviewed, content=content, by=doctor, at=at)
    charting.sign_session(session_id=visit.session_id, version=draft.version, password=PASSWORD, by=doctor, at=at)
    scheduling.finish_visit(appointment_id=visit.pk, version=visit.version, by=doctor, at=at)


def fill_calendar(people, patients) -> None:
    """Today and two weeks ahead: sessions for who was seen, consultations for the rest, nobody twice in a week."""
    this_morning = clock.instant(clock.today(), time(7))
    for week in range(3):
        waiting = CHANCE.sample(list(patients.values()), len(patients))
        for ahead in range(7 * week, min(7 * week + 7, 15)):
            day = clock.today() + timedelta(days=ahead)
            for doctor in ("ana", "jonas"):
                for wall in CHANCE.sample(SLOTS, 5 if ahead == 0 else 2):
                    if waiting:
                        starts = clock.instant(day, wall)
                        _try_to_book(people, waiting.pop(), doctor, starts, at=this_morning)
    _live_through_today(people)


def _try_to_book(people, patient, doctor, starts: datetime, *, at: datetime) -> None:
    """A session if the patient may have one, else a consultation, else nothing: as the desk would find out."""
    for type_name in ("Mesotherapy session", "First consultation"):
        try:
            _book(people, patient, doctor, type_name, starts, at=at)
        except Refused:
            continue
        return


def _live_through_today(people) -> None:
    """What has happened by now: consultations are done, whoever is due has arrived, one patient did not come."""
    now = clock.now()
    begins, _ends = clock.day_bounds(clock.today())
    due = Appointment.objects.filter(starts_at__gte=begins, starts_at__lt=now + timedelta(minutes=10), status="booked")
    for number, visit in enumerate(due.order_by("starts_at")):
        step = {"appointment_id": visit.pk, "by": people["marta"]}
        if number == 2:
            scheduling.mark_no_show(version=visit.version, **step, at=visit.ends_at)
            continue
        visit = scheduling.mark_arrived(version=visit.version, **step, at=visit.starts_at)
        if visit.visit_type.kind != "session" and visit.ends_at < now:
            step["by"] = visit.practitioner
            visit = scheduling.start_visit(version=visit.version, **step, at=visit.starts_at)
            scheduling.finish_visit(version=visit.version, **step, at=visit.ends_at)


def _book(people, patient, doctor, type_name, starts: datetime, *, at: datetime) -> Appointment:
    return scheduling.book_appointment(
        patient=patient,
        practitioner=people[doctor],
        visit_type=VisitType.objects.get(name=type_name),
        room=Room.objects.get(name="Room 1" if doctor == "ana" else "Room 2"),
        starts_at=starts,
        submission=uuid4(),
        by=people["marta"],
        at=at,
    )


def _workday(day: date) -> date:
    """The day, or the Monday after a weekend."""
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)
