"""Walks the URL resolver: every named pattern of the project with its view and its parameters."""

from dataclasses import dataclass
from datetime import date

from django.urls import URLResolver, get_resolver, reverse

from patients.history.enums import Topic
from tests.house.world import BUILDERS, KWARGS

FITTING = {"day": date(2026, 11, 23), "topic": Topic.ALLERGIES, "kind": "allergens", "link": 987_654_321, "version": 1}


@dataclass(frozen=True)
class Page:
    name: str
    view: object
    parameters: tuple[str, ...]

    @property
    def rows(self) -> list[str]:
        """The parameters that are ids of rows."""
        return [name for name in self.parameters if name.endswith("_id")]

    def somewhere(self, **overrides) -> str:
        """The address with parameters that fit, of objects that need not exist."""
        made = {name: 987_654_321 if name in self.rows else FITTING.get(name, "none") for name in self.parameters}
        return reverse(self.name, kwargs=made | overrides)

    def url(self, person=None, **overrides) -> str:
        """The address, with objects of its own; those that belong to a practitioner are `person`'s."""
        if self.name in KWARGS:
            made = KWARGS[self.name](person)
        else:
            made = {name: BUILDERS[name](person) for name in self.parameters if name not in overrides}
        return reverse(self.name, kwargs=made | overrides)


def pages() -> dict[str, Page]:
    return {page.name: page for page in _walk(get_resolver(), "", ())}


def _walk(resolver, namespace: str, parameters: tuple):
    for entry in resolver.url_patterns:
        names = (*parameters, *entry.pattern.converters, *_groups(entry))
        if isinstance(entry, URLResolver):
            yield from _walk(entry, f"{namespace}{entry.namespace}:" if entry.namespace else namespace, names)
        else:
            yield Page(f"{namespace}{entry.name}", entry.callback, tuple(dict.fromkeys(names)))


def _groups(entry) -> tuple:
    regex = getattr(entry.pattern, "_is_endpoint", None) is not None and entry.pattern.regex
    return tuple(regex.groupindex) if regex else ()
