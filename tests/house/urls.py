"""Walks the URL resolver: every named pattern of the project with its view and its parameters."""

from dataclasses import dataclass

from django.urls import URLResolver, get_resolver, reverse

from tests.house.world import BUILDERS, KWARGS


@dataclass(frozen=True)
class Page:
    name: str
    view: object
    parameters: tuple[str, ...]

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
