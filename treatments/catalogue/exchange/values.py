"""What one field of a row looks like in a file: how it is written, how it is read and checked, how it is stored.

In a file, and wherever rows are compared, a value is plain: a text, a whole number, yes or no, a list, or None.
"""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from django.db import models
from django.utils.translation import gettext as _

from clinic.core import clock
from clinic.core.fields import format_amount
from clinic.core.text import clean, clean_line
from patients.history.enums import Effect
from treatments.catalogue.enums import Diagram, LimitPer, Unit
from treatments.catalogue.exchange.yamltext import Node, Wrong
from treatments.catalogue.models import PairRule
from treatments.catalogue.rules import MOST_ML

LONGEST = 10_000
MOST_ITEMS = 300
_AMOUNT = re.compile(r"(0|[1-9][0-9]*)(\.[0-9]+)?", re.ASCII)
_WHOLE = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)
_CODE = re.compile(r"[0-9]{6,18}", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_SLUG = re.compile(r"[-a-zA-Z0-9_]+", re.ASCII)
_ADDRESS = re.compile(r"https?://[^\s<>\"\\]{3,}", re.IGNORECASE)
_TAG = re.compile(r"<[a-zA-Z/!?][^<>]*>")


def has_markup(text: str) -> bool:
    """Whether a text holds what looks like a tag of HTML."""
    return bool(_TAG.search(text))


class Value:
    """A field of a model. `needed`: it must stand in the file."""

    def __init__(self, field: models.Field):
        self.field, self.name = field, field.name
        may_be_empty = field.many_to_many or isinstance(field, models.BooleanField | models.JSONField)
        self.needed = not (field.blank or field.null or may_be_empty)

    empty: object = ""

    def of(self, row):
        """The plain value in a row of the database."""
        return getattr(row, self.name)

    def read(self, node: Node):
        """The plain value of a node. Raises Wrong."""
        return text_of(node, longest=self.field.max_length or LONGEST)

    def store(self, plain):
        """What the model's field holds."""
        return plain


class Choice(Value):
    def read(self, node):
        known = [str(value) for value, _label in self.field.choices]
        if issubclass(self.field.model, PairRule):
            known.remove(Effect.WAIT)  # of a pair there is nothing to wait for
        return one_of(node, known)


class Key(Value):
    def read(self, node):
        text = text_of(node, longest=self.field.max_length)
        if not _SLUG.fullmatch(text):
            raise Wrong(node.line, _("A key has letters, digits and “_” only."))
        return text


class Long(Value):
    def read(self, node):
        return text_of(node, longest=LONGEST, lines=True)


class Yes(Value):
    empty = False

    def read(self, node):
        return one_of(node, ["true", "false"]) == "true"


class Whole(Value):
    empty = None

    def read(self, node):
        text = node.text()
        if not _WHOLE.fullmatch(text) or int(text) > 32_767:
            raise Wrong(node.line, _("Write a whole number from 0 to 32767."))
        return int(text)


class Amount(Value):
    """An exact amount; what a recipe is measured by must be more than zero and no more than a clinic mixes."""

    empty = None
    MOST = {"volume_ml": MOST_ML, "total_volume_ml": MOST_ML, "base_fraction": Decimal(1)}
    POSITIVE = {"volume_ml", "total_volume_ml", "concentration", "container_ml", "base_fraction"}

    def of(self, row):
        amount = super().of(row)
        return None if amount is None else format_amount(Decimal(amount))

    def read(self, node):
        most = Decimal(10) ** (self.field.max_digits - self.field.decimal_places) - 1
        return amount_of(
            node,
            places=self.field.decimal_places,
            most=self.MOST.get(self.name, most),
            positive=self.name in self.POSITIVE,
        )

    def store(self, plain):
        return None if plain is None else Decimal(plain)


class Moment(Value):
    empty = None

    def of(self, row):
        moment = super().of(row)
        return None if moment is None else moment.astimezone(UTC).isoformat()

    def read(self, node):
        return moment_of(node)

    def store(self, plain):
        return None if plain is None else datetime.fromisoformat(plain)


class Word(Value):
    """Another row, by its key."""

    empty = None

    def of(self, row):
        other = super().of(row)
        return None if other is None else other.key

    def read(self, node):
        return text_of(node, longest=80)


class Words(Value):
    """A list of other rows, by their keys."""

    empty = []

    def of(self, row):
        return sorted(other.key for other in super().of(row).all())

    def read(self, node):
        found = [text_of(item, longest=80) for item in items_of(node)]
        if len(set(found)) < len(found):
            raise Wrong(node.line, _("Something stands twice in this list."))
        return sorted(found)


class Texts(Value):
    empty = []

    def of(self, row):
        return list(super().of(row))

    def read(self, node):
        return [text_of(item, longest=500) for item in items_of(node)]


class Sources(Texts):
    """Addresses: they become links, so nothing else may pass for one."""

    def read(self, node):
        return [address_of(item) for item in items_of(node)]


class Drawings(Texts):
    def read(self, node):
        return [one_of(item, Diagram.values) for item in items_of(node)]


class Code(Value):
    """A number of SNOMED CT."""

    def read(self, node):
        text = text_of(node, longest=18)
        if not _CODE.fullmatch(text):
            raise Wrong(node.line, _("A SNOMED CT code has 6 to 18 digits."))
        return text


class Records(Value):
    """A list of small rows of texts, each of which somebody answers for: a source, or who decided it here and when.

    The parts are written in one order, whatever order the database gives them in. `named_by`: the part that tells
    the rows apart.
    """

    empty = []
    parts: tuple[str, ...] = ()
    needed_parts: set[str] = set()
    named_by = ""

    def of(self, row):
        return [{part: item[part] for part in self.parts if part in item} for item in super().of(row)]

    def read(self, node):
        found = [self._record(item) for item in items_of(node)]
        if len({record[self.named_by] for record in found}) < len(found):
            raise Wrong(node.line, _("Something stands twice in this list."))
        return found

    def _record(self, node: Node) -> dict:
        nodes = node.fields()
        for part, missing in [(part, part not in nodes) for part in sorted(self.needed_parts)]:
            if missing:
                raise Wrong(node.line, _("“%s” is missing.") % part)
        for part, value in nodes.items():
            if part not in self.parts:
                raise Wrong(value.line, _("“%s” is not known here.") % part[:60])
        record = {part: self.part(part, nodes[part]) for part in self.parts if part in nodes}
        if not record.get("source") and not (record.get("decided_by") and record.get("decided_on")):
            raise Wrong(node.line, _("Who says so? A source is missing, or who decided it here and on which day."))
        return record

    def part(self, part: str, node: Node) -> str:
        if part == "source" and node.value:
            return address_of(node)
        if part == "decided_on":
            return day_of(node)
        return text_of(node, longest=300)


class Limits(Records):
    parts = ("per", "max", "unit", "note", "source", "decided_by", "decided_on")
    needed_parts = {"per", "max", "unit", "note"}
    named_by = "per"

    def part(self, part, node):
        if part == "per":
            return one_of(node, LimitPer.values)
        if part == "unit":
            return one_of(node, [*Unit.values, "day"])
        if part == "max":
            return amount_of(node, places=4, most=Decimal(9_999_999), positive=True)
        return super().part(part, node)


class Legal(Records):
    parts = ("country", "status", "source", "decided_by", "decided_on")
    needed_parts = {"country", "status"}
    named_by = "country"

    def part(self, part, node):
        if part == "country" and not _COUNTRY.fullmatch(node.text()):
            raise Wrong(node.line, _("A country has two letters, such as ES, FR, DE, US or EU."))
        return super().part(part, node)


class Person(Value):
    """Who wrote or approved it: a name, because people are not carried over. `elsewhere` keeps names from afar."""

    def __init__(self, field):
        super().__init__(field)
        self.elsewhere = field.name.removesuffix("_by") + "_elsewhere"

    def of(self, row):
        person = getattr(row, self.name)
        return getattr(row, self.elsewhere) or (person.full_name if person else "")

    def read(self, node):
        return text_of(node, longest=200)


LISTS = {"limits": Limits, "legal": Legal, "sources": Sources, "diagrams": Drawings}
CODES = {"region_code", "skin_code", "left_code", "right_code"}


def value_of(field: models.Field) -> Value:
    """How a model's field is written, by its kind."""
    if field.many_to_many:
        return Words(field)
    if field.is_relation:
        return (Person if field.related_model._meta.label == "staff.User" else Word)(field)
    if isinstance(field, models.JSONField):
        return LISTS.get(field.name, Texts)(field)
    if field.choices:
        return Choice(field)
    if field.name in CODES:
        return Code(field)
    kinds = {
        models.SlugField: Key,
        models.BooleanField: Yes,
        models.DecimalField: Amount,
        models.DateTimeField: Moment,
        models.PositiveSmallIntegerField: Whole,
        models.TextField: Long,
        models.CharField: Value,
    }
    return kinds[type(field)](field)


def text_of(node: Node, *, longest: int, lines: bool = False) -> str:
    """A text as the clinic's own forms would leave it: nothing that cannot be seen, or that turns the reading round."""
    text = node.text()
    if len(text) > longest:
        raise Wrong(node.line, _("This is longer than %d letters.") % longest)
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise Wrong(node.line, _("There is a sign in this text that is none (NUL)."))
    if text != (clean(text) if lines else clean_line(text)):
        raise Wrong(node.line, _("There are signs in this text that cannot be seen, or spaces at its ends."))
    return text


def amount_of(node: Node, *, places: int, most: Decimal, positive: bool) -> str:
    """An amount in plain digits with a point, without the zeros at its end."""
    text = node.text()
    if len(text) > 40 or not _AMOUNT.fullmatch(text):
        raise Wrong(node.line, _("Write the amount in digits with a point, for example 0.5."))
    amount = Decimal(text)
    plain = format_amount(amount)
    if len(plain.partition(".")[2]) > places:
        raise Wrong(node.line, _("Use at most %d digits after the point.") % places)
    if positive and not amount:
        raise Wrong(node.line, _("The amount must be more than zero."))
    if amount > most:
        raise Wrong(node.line, _("The amount must be at most %s.") % format_amount(most))
    return plain


def moment_of(node: Node) -> str:
    """A moment in UTC, in the one spelling in which it is written."""
    text = node.text()
    try:
        moment = datetime.fromisoformat(text)
        canonical = moment.astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        canonical = None
    if canonical != text or moment.tzinfo is None:
        raise Wrong(node.line, _("Write the moment like “2026-01-31T09:30:00+00:00”."))
    if moment.year < 1900 or moment > clock.now() + timedelta(days=1):
        raise Wrong(node.line, _("This moment has not come yet, or is too long ago."))
    return text


def day_of(node: Node) -> str:
    text = node.text()
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text or day > clock.today():
        raise Wrong(node.line, _("Write a day that has come, like “2026-01-31”."))
    return text


def address_of(node: Node) -> str:
    text = text_of(node, longest=500)
    if not _ADDRESS.fullmatch(text):
        raise Wrong(node.line, _("A source is a web address that begins with http:// or https://."))
    return text


def one_of(node: Node, known: list[str]) -> str:
    text = node.text()
    if text not in known:
        raise Wrong(node.line, _("Write one of: %s.") % ", ".join(known))
    return text


def items_of(node: Node) -> list[Node]:
    items = node.items()
    if len(items) > MOST_ITEMS:
        raise Wrong(node.line, _("This list is longer than %d.") % MOST_ITEMS)
    return items
