"""The history on each page of the catalogue: who changed what, and when."""

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.utils.translation import gettext as _

from clinic.audit.queries import events_of
from clinic.staff.queries import explained

MOST = 100


def history_of(row, parts: dict | None = None) -> list:
    """What was done to a row and to what belongs to it, newest first, in words.

    `parts` names the rows that belong to it: {row: what to call it}. The events have `who`, `did`, `about` (the part's
    name, or empty) and `words` (the fields).
    """
    parts = parts or {}
    names = {(part._meta.label, str(part.pk)): name for part, name in parts.items()}
    events = explained(events_of(row, *parts)[:MOST])
    for event in events:
        event.about = names.get((event.subject_type, event.subject_id), "")
        event.words = [_label(event.subject_type, name) for name in event.fields]
    return events


def _label(model: str, field: str) -> str:
    if field == "lines":
        return _("recipe")
    try:
        found = apps.get_model(model)._meta.get_field(field)
    except (LookupError, FieldDoesNotExist):
        return field.replace("_", " ")
    return str(getattr(found, "verbose_name", field))
