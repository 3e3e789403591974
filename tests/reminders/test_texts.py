"""What a patient is told: never to stop what was prescribed, in words that fit, naming nothing that others may see."""

import re
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from clinic.core.errors import Refused
from clinic.staff.models import ClinicProfile
from patients.history.enums import MedicineGroup, MedicineSource
from patients.registry.enums import Channel
from tests.factories.patients import MedicineFactory, PatientFactory, PatientMedicineFactory
from tests.reminders.conftest import NOW, VISIT
from treatments.reminders import own_list, rules, sources, texts
from treatments.reminders.enums import TextKind
from treatments.reminders.models import MessageText, Reminder
from treatments.reminders.services import (
    edit_message_text,
    load_default_rules_and_texts,
    plan_reminders,
    write_message,
)

pytestmark = pytest.mark.once

LANGUAGES = [code for code, _name in settings.MESSAGE_LANGUAGES]
KEEP, STOP, OWN = TextKind.KEEP_TAKING, TextKind.STOP_SELF_BOUGHT, TextKind.STOP_OWN_LIST
G, S = MedicineGroup, MedicineSource
THINNERS = {G.ANTICOAGULANT, G.ANTIPLATELET}
PAINKILLERS = {G.NSAID, G.ASPIRIN, G.SALICYLATE}


class Product:
    """A product of the vocabulary, without a database."""

    def __init__(self, *contains, ambiguous=False):
        self.contained, self.ambiguous = contains, ambiguous
        self.contains = self

    def all(self):
        return self.contained


class Substance:
    def __init__(self, group, *, never_auto_stop=False, bleeding_risk=False, stop_days=7):
        self.group, self.never_auto_stop, self.bleeding_risk = group, never_auto_stop, bleeding_risk
        self.stop_days = stop_days


class Row:
    def __init__(self, source, *, medicine=None, product=None):
        self.source, self.medicine, self.product = source, medicine, product


@pytest.mark.parametrize("group", list(G))
@pytest.mark.parametrize("source", list(S))
@pytest.mark.parametrize("as_product", [False, True])
def test_kept_or_not_for_every_source_and_group(group, source, as_product):
    substance = Substance(group)
    row = Row(source, product=Product(substance)) if as_product else Row(source, medicine=substance)
    expected = group in THINNERS or (group in PAINKILLERS and source != S.SELF_BOUGHT)
    assert own_list.must_be_decided(row) is expected


substances = st.builds(Substance, st.sampled_from(list(G)), never_auto_stop=st.booleans(), bleeding_risk=st.booleans())
products = st.builds(
    lambda contains, ambiguous: Product(*contains, ambiguous=ambiguous), st.lists(substances), st.booleans()
)
patient_rows = st.builds(
    lambda source, medicine, product: Row(source, medicine=medicine, product=product),
    st.sampled_from(list(S)),
    st.none() | substances,
    st.none() | products,
)


@given(patient_rows)
def test_nothing_prescribed_or_unknown_that_thins_blood_is_ever_left_to_a_message(row):
    inside = ([row.medicine] if row.medicine else []) + (list(row.product.all()) if row.product else [])
    untouchable = (
        not inside
        or any(s.group in THINNERS or s.never_auto_stop for s in inside)
        or (row.source != S.SELF_BOUGHT and any(s.group in PAINKILLERS for s in inside))
    )
    if untouchable:
        assert own_list.must_be_decided(row)


@pytest.mark.parametrize(
    ("row", "kept"),
    [
        (Row(S.SELF_BOUGHT), True),
        (Row(S.UNKNOWN), True),
        (Row(S.SELF_BOUGHT, product=Product()), True),
        (Row(S.SELF_BOUGHT, product=Product(Substance(G.ASPIRIN), ambiguous=True)), True),
        (Row(S.SELF_BOUGHT, product=Product(Substance(G.ASPIRIN), Substance(G.PARACETAMOL))), False),
        (Row(S.PRESCRIBED, product=Product(Substance(G.PARACETAMOL), Substance(G.ASPIRIN))), True),
        (Row(S.SELF_BOUGHT, medicine=Substance(G.OTHER, never_auto_stop=True)), True),
        (Row(S.PRESCRIBED, medicine=Substance(G.SUPPLEMENT, bleeding_risk=True)), True),
        (Row(S.SELF_BOUGHT, medicine=Substance(G.SUPPLEMENT, bleeding_risk=True)), False),
    ],
)
def test_doubtful_ones(row, kept):
    assert own_list.must_be_decided(row) is kept


@pytest.mark.django_db
class TestOnePatient:
    def text(self, patient):
        rows = sources.medicines_taken([patient.pk], date(2027, 3, 1))[patient.pk]
        return own_list.which_text(rows, {})

    def test_without_medicines(self):
        assert self.text(PatientFactory()) == STOP

    def test_one_to_be_kept_decides_for_all(self):
        patient = PatientFactory()
        PatientMedicineFactory(patient=patient, source="self_bought")
        assert self.text(patient) == OWN
        PatientMedicineFactory(patient=patient, medicine=MedicineFactory(group="aspirin"), source="prescribed")
        assert self.text(patient) == KEEP

    def test_others_do_not_count(self):
        PatientMedicineFactory(medicine=MedicineFactory(group="aspirin"), source="prescribed")
        assert self.text(PatientFactory()) == STOP

    @pytest.mark.parametrize(
        ("stopped_on", "expected"), [(None, KEEP), (date(2027, 3, 1), STOP), (date(2027, 3, 2), KEEP)]
    )
    def test_a_stopped_medicine(self, stopped_on, expected):
        assert self.text(PatientMedicineFactory(source="prescribed", stopped_on=stopped_on).patient) == expected

    def test_a_voided_row(self, practitioner):
        row = PatientMedicineFactory(source="prescribed")
        row.voided_at, row.voided_by, row.void_reason = NOW, practitioner, "wrong patient"
        row.save()
        assert self.text(row.patient) == STOP


PARTS = [
    ("", 0),
    ("a" * 160, 1),
    ("a" * 161, 2),
    ("a" * 306, 2),
    ("a" * 307, 3),
    ("é" * 160, 1),
    ("ñÑüßàÇ¿¡" * 20, 1),
    ("€" * 80, 1),
    ("€" * 80 + "a", 2),
    ("a" * 152 + "€" + "a" * 10, 2),
    ("a" * 152 + "€" + "a" * 151, 2),
    ("a" * 152 + "€" + "a" * 152, 3),
    ("^{}\\[~]|" * 10, 1),
    ("á" * 70, 1),
    ("á" * 71, 2),
    ("á" * 134, 2),
    ("á" * 135, 3),
    ("’" + "a" * 70, 2),
    ("😀" * 35, 1),
    ("😀" * 36, 2),
    ("😀" * 66, 2),
    ("😀" * 67, 3),
    ("ç" + "a" * 69, 1),
    ("a\nb", 1),
]


@pytest.mark.parametrize(("text", "parts"), PARTS)
def test_parts_of_a_text_message(text, parts):
    assert texts.sms_parts(text) == parts


def test_a_part_never_begins_inside_a_character():
    assert texts.sms_parts("á" * 66 + "😀" + "á" * 65) == 2
    assert texts.sms_parts("á" * 66 + "😀" + "á" * 66) == 3


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Tuesday 3 March"),
        ("es", "martes 3 de marzo"),
        ("fr", "mardi 3 mars"),
        ("de", "Dienstag, 3. März"),
        ("en-gb", "Tuesday 3 March"),
    ],
)
def test_days_in_words(language, words):
    assert texts.day_in_words(date(2026, 3, 3), language) == words


def test_filling_in_never_reads_what_was_filled_in():
    assert texts.fill("{clinic} {name} {other}", {"clinic": "{name}", "name": "Ana"}) == "{name} Ana {other}"


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("{clinic} {date}", []),
        ("{surname}", ["{surname}"]),
        ("{name.email}", ["{name.email}"]),
        ("{ name }", ["{ name }"]),
        ("{name", ["{"]),
        ("}{", ["}", "{"]),
        ("{{name}}", ["{", "}"]),
    ],
)
def test_marks_that_cannot_be_filled(text, unknown):
    assert texts.unknown_marks(text) == unknown


@pytest.mark.django_db
@pytest.mark.parametrize("body", ["{surname} {clinic}", "{0}", "{clinic!r}", "{clinic"])
def test_a_text_with_a_wrong_mark_is_refused(messages, administrator, body):
    text = MessageText.objects.first()
    with pytest.raises(Refused) as refusal:
        edit_message_text(text=text, version=1, subject="", body=body, by=administrator)
    assert refusal.value.field == "body"
    text.refresh_from_db()
    assert text.body != body


# Words that say what is treated or taken, in each language
CLINICAL = re.compile(
    "aspirin|ibuprof|naprox|paracet|thinner|anticoag|prescri|m[ée]dic|painkill|analg|antidouleur|schmerz"
    "|blut|bleed|inject|meso|session|filler|treat|tratam|trait|behand|terap|tabl|pill"
    "|أسبرين|إيبوبروفين|باراسيتامول|دواء|أدوي|مسك|علاج|حقن|جلسة"
)


def test_what_others_may_see_names_nothing():
    for _kind, _language, channel, subject, body in texts.default_texts():
        seen = (subject + (body if channel == "sms" else "")).lower()
        assert not CLINICAL.search(seen)


def test_every_text_begins_with_the_clinic_and_ends_with_its_telephone():
    rows = list(texts.default_texts())
    wanted = {(kind, channel) for kind in TextKind for channel in Channel} - {("stop_own_list", "sms")}
    for own in LANGUAGES:
        assert {(kind, channel) for kind, language, channel, *_words in rows if language == own} == wanted
    for _kind, _language, _channel, subject, body in rows:
        assert body.startswith("{clinic}")
        assert body.strip().endswith("{phone}")
        assert texts.unknown_marks(subject + body) == []


def test_every_language_fills_in_the_same():
    marks = defaultdict(set)
    for kind, _language, channel, subject, body in texts.default_texts():
        marks[kind, channel].add((frozenset(re.findall(r"{\w+}", subject)), frozenset(re.findall(r"{\w+}", body))))
    assert {text: found for text, found in marks.items() if len(found) > 1} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_message_is_short(clinic_row, madrid, language):
    """Two parts; three where each letter takes two bytes of a message. One í in the clinic's name does that."""
    clinic_row.name = "Clinica Aurora"
    values = texts.sample_values(clinic_row, language)
    longest = max(
        texts.sms_parts(texts.fill(body, values))
        for _kind, own, channel, _subject, body in texts.default_texts()
        if own == language and channel == "sms"
    )
    assert longest <= (3 if language == "ar" else 2)


def test_loading_again_keeps_what_the_clinic_edited(messages):
    MessageText.objects.filter(language="en").update(body="ours")
    assert load_default_rules_and_texts() == 0
    assert not MessageText.objects.filter(language="en").exclude(body="ours").exists()


@pytest.mark.django_db
@pytest.mark.parametrize("channel", ["email", "sms"])
@pytest.mark.parametrize("language", [*LANGUAGES, "pt"])
def test_written_in_the_patients_language_and_the_clinics_time(visit, madrid, channel, language):
    patient = visit.patient
    patient.language, patient.channel = language, channel
    patient.save()
    plan_reminders(at=NOW)
    message = write_message(Reminder.objects.get(), ClinicProfile.objects.get(), VISIT - timedelta(days=7))
    expected = {"es": "martes 16 de marzo", "fr": "mardi 16 mars", "de": "Dienstag, 16. März", "ar": "الثلاثاء 16 مارس"}
    assert expected.get(language, "Tuesday 16 March") in message.body
    assert "10:00" in message.body
    assert texts.unknown_marks(message.body) == []
    assert message.sms_parts in ((1, 2, 3) if channel == "sms" else (0,))


@pytest.mark.django_db
def test_the_day_from_which_to_avoid_is_never_in_the_past(madrid):
    assert rules.avoid_from(VISIT, days_before=7, at=NOW) == date(2027, 3, 9)
    assert rules.avoid_from(VISIT, days_before=7, at=datetime(2027, 3, 14, 12, tzinfo=UTC)) == date(2027, 3, 14)


def test_names_and_numbers_among_words_from_right_to_left(clinic_row):
    """A text message that begins with a Latin name is Arabic all the same, and its telephone number reads 1 2 3."""
    arabic, english = (texts.sample_values(clinic_row, language) for language in ("ar", "en-gb"))
    assert (arabic["clinic"], arabic["phone"]) == (f"\u200f{clinic_row.name}", f"\u200e{clinic_row.phone}")
    assert (english["clinic"], english["phone"]) == (clinic_row.name, clinic_row.phone)
