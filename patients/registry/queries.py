"""What the registry's screens show."""

from datetime import date, datetime
from functools import reduce
from itertools import islice
from operator import and_, or_

from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.db.models import BooleanField, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.shortcuts import get_object_or_404

from clinic.audit.enums import Action
from clinic.audit.queries import trail
from clinic.core.text import digits
from patients.registry import names, sheets
from patients.registry.enums import ImportStatus
from patients.registry.models import Patient, PatientImport

SHOWN = 20
PREVIEWED = 4
CANDIDATES = 60
# PostgreSQL's word similarity, and the share of a word's three-letter pieces on SQLite: low, as `likeness` decides.
ALIKE_ENOUGH = 0.3
LAST_LETTER = "\U0010ffff"


def get_patient(patient_id: int) -> Patient:
    """The patient of a page; Http404 when there is none."""
    return get_object_or_404(Patient, pk=patient_id)


def last_change(patient_id: int) -> tuple[str, datetime | None]:
    """Who changed the patient last, and when: for the page that says so to whoever was slower."""
    event = trail(patient_id=patient_id, action=Action.CHANGE).filter(subject_type=Patient._meta.label).first()
    if event is None:
        return "", None
    return get_user_model().objects.filter(pk=event.actor_id).values_list(
        "full_name", flat=True
    ).first() or "", event.at


def recently_registered() -> QuerySet[Patient]:
    """The patients' page before anything is typed."""
    return Patient.objects.order_by("-pk")[:SHOWN]


def find_patients(typed: str) -> tuple[list[Patient], bool]:
    """The first patients in whom every typed word is found, and whether there are more.

    First those whose name begins so, then those with a name that begins so, then anywhere. Three
    small questions, each of which an index answers in the order of names, instead of one that sorts.
    """
    parts = names.read_query(typed)
    if not parts:
        return [], False
    words = [word for part in parts for word in part.words]
    anywhere = _all(_matches(part) for part in parts)
    steps = [anywhere]
    if all(not part.digits for part in parts):
        start = " ".join(words)
        begins = Q(search_key__gte=start, search_key__lt=start + LAST_LETTER)
        word_begins = _all(Q(search_key__startswith=word) | Q(search_key__contains=f" {word}") for word in words)
        steps = [begins, word_begins, anywhere]
    found: dict[int, Patient] = {}
    for step in steps:
        if len(found) <= SHOWN:
            rows = Patient.objects.filter(step).order_by("search_key", "pk")[: SHOWN + 1]
            found |= {row.pk: row for row in rows if row.pk not in found}
    return list(found.values())[:SHOWN], len(found) > SHOWN


def similar_patients(typed: str) -> list[Patient]:
    """For an empty result: the few patients whose name may have been mistyped, the likeliest first."""
    parts = names.read_query(typed)
    words = [word for part in parts for word in part.words]
    if not words or any(part.digits for part in parts):
        return []
    right = {word for word in words if Patient.objects.filter(search_key__contains=word).exists()}
    mistyped = [word for word in words if word not in right] or words
    rows = Patient.objects.filter(_all(Q(search_key__contains=word) for word in right))
    swapped = [swap for word in mistyped for swap in names.swaps(word)]
    candidates = {row.pk: row for row in [*_resembling(rows, " ".join(mistyped)), *_containing(rows, swapped)]}
    scored = [(names.likeness(words, row.search_key), row) for row in candidates.values()]
    likely = [(score, row) for score, row in scored if score >= names.ALIKE]
    return [row for _score, row in sorted(likely, key=lambda pair: (-pair[0], pair[1].search_key))[:5]]


def _containing(rows: QuerySet[Patient], words: list[str]) -> QuerySet[Patient]:
    return rows.filter(reduce(or_, (Q(search_key__contains=word) for word in words), Q(pk__in=[])))[:CANDIDATES]


def _resembling(rows: QuerySet[Patient], text: str) -> list[Patient]:
    """Candidates that share pieces of three letters with the text, those with most of them first."""
    if connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('pg_trgm.word_similarity_threshold', %s, true)", [str(ALIKE_ENOUGH)])
            rows = rows.filter(RawSQL("search_key %%> %s", [text], output_field=BooleanField()))
            return list(rows.order_by(RawSQL("word_similarity(%s, search_key)", [text]).desc(), "pk")[:CANDIDATES])
    padded = f" {text} "
    pieces = sorted({padded[at : at + 3] for at in range(len(padded) - 2)})
    share = " + ".join(["(instr(' ' || search_key || ' ', %s) > 0)"] * len(pieces))
    rows = rows.annotate(score=RawSQL(share, pieces))  # noqa: S611 -- the pieces are parameters
    return list(rows.filter(score__gte=len(pieces) * ALIKE_ENOUGH).order_by("-score", "pk")[:CANDIDATES])


def namesakes(*, birth_date: date | None, phone: str, email: str, exclude: int | None = None) -> QuerySet[Patient]:
    """Whom a person being registered may already be: the same birth date, telephone or e-mail address."""
    same = Q(pk__in=[])
    if birth_date:
        same |= Q(birth_date=birth_date)
    if phone:
        same |= Q(phone_digits=digits(phone))
    if email:
        same |= Q(email__iexact=email)
    return Patient.objects.filter(same).exclude(pk=exclude).order_by("search_key", "pk")[:500]


def known_people(people: list[dict]) -> list[bool]:
    """For each person of a list (the columns of Patient, as JSON holds them), whether they are registered already.

    Known is who was imported from the same line, and who has the same name and birth date and shares a
    telephone or e-mail address with the line, or the line has neither.
    """
    keys = [person["import_key"] for person in people]
    imported = set(Patient.objects.filter(import_key__in=keys).order_by().values_list("import_key", flat=True))
    names_of = {person["search_key"] for person in people}
    contacts: dict[tuple, list[tuple[str, str]]] = {}
    rows = Patient.objects.filter(search_key__in=names_of).order_by()
    for key, born, phone, email in rows.values_list("search_key", "birth_date", "phone", "email"):
        contacts.setdefault((key, born.isoformat()), []).append((phone, email.casefold()))
    return [person["import_key"] in imported or _is_among(person, contacts) for person in people]


def _is_among(person: dict, contacts: dict) -> bool:
    phone, email = person["phone"], person["email"].casefold()
    return any(
        (phone and phone == other_phone) or (email and email == other_email) or not (phone or email)
        for other_phone, other_email in contacts.get((person["search_key"], person["birth_date"]), [])
    )


def get_import(import_id: int, *, with_content: bool = False) -> PatientImport:
    """An uploaded list, without its megabytes unless they are asked for."""
    rows = PatientImport.objects.all() if with_content else PatientImport.objects.defer("content", "rows")
    return get_object_or_404(rows, pk=import_id)


def first_lines(upload: PatientImport) -> list[list[str]]:
    """The first people of the list as they stand in the file, for the page on which columns are matched."""
    text, _encoding = sheets.decode(bytes(upload.content))
    width = len(upload.header)
    try:
        lines = islice(sheets.read_lines(text, upload.delimiter), 1, 1 + PREVIEWED)
        return [(cells + [""] * width)[:width] for _line, cells in lines]
    except sheets.Unreadable:
        return []


def imports() -> QuerySet[PatientImport]:
    """The lists uploaded so far, newest first."""
    return PatientImport.objects.defer("content", "rows", "errors").select_related("created_by")[:SHOWN]


def earlier_import(digest: str) -> PatientImport | None:
    """The same file, if it was imported before."""
    done = PatientImport.objects.filter(digest=digest, status=ImportStatus.DONE)
    return done.defer("content", "rows").order_by("-pk").first()


def _all(conditions) -> Q:
    return reduce(and_, conditions, Q())


def _matches(part: names.Part) -> Q:
    if part.dates:
        return Q(birth_date__in=part.dates)
    here = _all(Q(search_key__contains=word) for word in part.words)
    if len(part.digits) < 3:
        return here
    phone = Q(phone_digits__contains=part.digits) | Q(phone_digits__contains=part.digits.lstrip("0") or part.digits)
    return here | phone | Q(number__startswith=part.digits)
