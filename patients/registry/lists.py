"""One line of a list becomes a person, or errors that say in which column."""

import re
from datetime import date

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.core.errors import Refused
from clinic.core.text import clean_line, fold
from patients.registry import names, rules
from patients.registry.enums import Channel, Sex

# What may stand in a list, and the names that columns for it have in English, Spanish, French and German.
COLUMNS = {
    "given_name": (gettext_lazy("Given name"), "given name, first name, forename, nombre, prenom, vorname"),
    "family_name": (
        gettext_lazy("Family name"),
        "family name, last name, surname, apellido, apellidos, nom, nom de famille, nachname, familienname",
    ),
    "birth_date": (
        gettext_lazy("Birth date"),
        "birth date, date of birth, dob, birthday, fecha de nacimiento, fecha nacimiento, nacimiento,"
        " date de naissance, naissance, geburtsdatum, geboren",
    ),
    "sex": (gettext_lazy("Sex"), "sex, gender, sexo, genero, sexe, genre, geschlecht"),
    "phone": (
        gettext_lazy("Telephone"),
        "phone, phone number, telephone, mobile, cell, telefono, movil, portable, telefon, telefonnummer, handy",
    ),
    "email": (gettext_lazy("E-mail"), "email, e mail, mail, email address, correo, correo electronico, courriel"),
    "may_message": (
        gettext_lazy("Agrees to messages"),
        "agrees to messages, may message, reminders, consent, recordatorios, rappels, erinnerungen",
    ),
    "language": (gettext_lazy("Language"), "language, idioma, langue, sprache"),
    "desk_note": (gettext_lazy("Note for the desk"), "note, notes, remark, nota, notas, remarque, notiz, bemerkung"),
}
NEEDED = ("family_name", "birth_date")

YES = {"yes", "y", "true", "1", "x", "si", "s", "oui", "o", "ja", "j", "verdadero", "vrai", "wahr"}
NO = {"", "no", "n", "false", "0", "non", "nein", "falso", "faux", "falsch"}
SEXES = {
    Sex.FEMALE: {"female", "f", "w", "woman", "mujer", "femenino", "femme", "feminin", "frau", "weiblich"},
    Sex.MALE: {"male", "man", "hombre", "h", "varon", "masculino", "homme", "masculin", "mann", "mannlich"},
    Sex.OTHER: {"other", "divers", "d", "otro", "autre"},
    Sex.UNKNOWN: {"", "unknown", "u", "desconocido", "inconnu", "unbekannt"},
}
LONGEST = {"given_name": 100, "family_name": 100, "desk_note": 300}

_FORMULA = re.compile(r"'(?=[=+\-@\t\r])")
_SHORTENED = re.compile(r"\+?[0-9]+([.,][0-9]+)?[eE]\+?[0-9]+")
_ISO = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})( 00:00(:00)?)?")
_DAY_OR_MONTH_FIRST = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4})( 00:00(:00)?)?")


def guess_mapping(header: list[str]) -> dict[str, int]:
    """Which field stands in which column, as far as the columns' names say so."""
    folded = [fold(name) for name in header]
    known = {field: words.split(", ") for field, (_label, words) in COLUMNS.items()}
    found = {field: [at for at, name in enumerate(folded) if name in words] for field, words in known.items()}
    return {field: places[0] for field, places in found.items() if len(places) == 1}


class Reader:
    """Reads lines with one mapping: `read` answers (fields of a patient, errors as (column, message))."""

    def __init__(self, *, header, mapping: dict[str, int], day_order: str, country: str, language: str, sexes=()):
        """`sexes` are all words in the column for sex: M is a man beside F or W, a woman (mujer) beside H."""
        self.header, self.mapping, self.day_order = header, mapping, day_order
        self.country, self.language = country, language
        folded = {fold(word) for word in sexes}
        self.sexes = {word: sex for sex, words in SEXES.items() for word in words}
        if "h" in folded:
            self.sexes["m"] = Sex.FEMALE
        elif folded & {"f", "w"}:
            self.sexes["m"] = Sex.MALE

    def read(self, cells: list[str]) -> tuple[dict, list[tuple[str, str]]]:
        if len(cells) > len(self.header) and any(cell.strip() for cell in cells[len(self.header) :]):
            return {}, [("", _("The line has more cells than there are columns."))]
        person, errors = {}, []
        for field in COLUMNS:
            try:
                person[field] = getattr(self, f"_{field}")(self._cell(cells, field))
            except ValueError as error:
                errors.append((self._column(field), str(error)))
        if not errors and person["may_message"]:
            person["channel"] = Channel.EMAIL if person["email"] else Channel.SMS if person["phone"] else ""
            if not person["channel"]:
                errors.append((self._column("may_message"), _("Agrees to messages, but has no e-mail or telephone.")))
        return person, errors

    def _cell(self, cells: list[str], field: str) -> str:
        at = self.mapping.get(field)
        return _FORMULA.sub("", cells[at].strip(), count=1) if at is not None and at < len(cells) else ""

    def _column(self, field: str) -> str:
        at = self.mapping.get(field)
        return str(COLUMNS[field][0]) if at is None else self.header[at]

    def _text(self, cell: str, field: str) -> str:
        text = clean_line(cell)
        if len(text) > LONGEST[field]:
            raise ValueError(_("Longer than %d letters.") % LONGEST[field])
        return text

    def _given_name(self, cell):
        return self._text(cell, "given_name")

    def _family_name(self, cell):
        name = self._text(cell, "family_name")
        if not name:
            raise ValueError(_("The family name is missing."))
        return name

    def _birth_date(self, cell) -> date:
        born = read_date(cell, self.day_order)
        try:
            rules.check_birth_date(born)
        except Refused as refusal:
            raise ValueError(str(refusal)) from refusal
        return born

    def _sex(self, cell):
        sex = self.sexes.get(fold(cell))
        if sex is None:
            raise ValueError(_("Not understood. Write female, male or other, or nothing."))
        return sex

    def _phone(self, cell):
        if _SHORTENED.fullmatch(cell):
            raise ValueError(_("The spreadsheet has shortened this number. Format the column as text, then export."))
        return names.e164(cell, self.country) if cell else ""

    def _email(self, cell):
        try:
            if cell:
                validate_email(cell)
        except ValidationError as error:
            raise ValueError(_("This is not an e-mail address.")) from error
        if len(cell) > 254:
            raise ValueError(_("Longer than %d letters.") % 254)
        return cell

    def _may_message(self, cell) -> bool:
        word = fold(cell)
        if word not in YES | NO:
            raise ValueError(_("Not understood. Write yes or no."))
        return word in YES

    def _language(self, cell):
        code = cell.lower()[:2] or self.language
        if code not in dict(settings.MESSAGE_LANGUAGES):
            raise ValueError(_("Write one of: %s.") % ", ".join(dict(settings.MESSAGE_LANGUAGES)))
        return code

    def _desk_note(self, cell):
        return self._text(cell, "desk_note")


def read_date(text: str, day_order: str) -> date:
    """A date in full. 03/04/1990 has a meaning only with `day_order`, "dmy" or "mdy"; with points it is always dmy."""
    if not text:
        raise ValueError(_("The birth date is missing."))
    if match := _ISO.fullmatch(text):
        return _date(match[1], match[2], match[3])
    match = _DAY_OR_MONTH_FIRST.fullmatch(text)
    if not match:
        raise ValueError(_("Not a full date. Write it as 1990-04-03 or 03.04.1990, with four digits for the year."))
    first, sign, second, year = match.group(1, 2, 3, 4)
    order = "dmy" if sign == "." else day_order or _only_order(int(first), int(second))
    return _date(year, second, first) if order == "dmy" else _date(year, first, second)


def _only_order(first: int, second: int) -> str:
    if first > 12 or first == second:
        return "dmy"
    if second > 12:
        return "mdy"
    raise ValueError(_("Could be two dates. Say on the page before whether the day or the month comes first."))


def _date(year: str, month: str, day: str) -> date:
    try:
        return date(int(year), int(month), int(day))
    except ValueError as error:
        raise ValueError(_("There is no such day.")) from error
