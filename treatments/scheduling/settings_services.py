"""What can be booked: the only writers of visit types and rooms."""

from django.db import transaction
from django.utils.translation import gettext as _

from clinic.audit.enums import Action
from clinic.audit.services import record, save_changes
from clinic.core import clock
from clinic.core.errors import Refused, given
from treatments.scheduling import settings_rules
from treatments.scheduling.models import Room, VisitType


@transaction.atomic
def add_visit_type(*, name: str, kind: str, minutes: int, by, practitioners=(), at=None, **details) -> VisitType:
    """`details`: minutes_before, minutes_after, consultation_within_days, days_between, room_kind, colour."""
    settings_rules.check_name_is_new(VisitType, name)
    visit_type = VisitType.objects.create(name=name, kind=kind, minutes=minutes, **details)
    visit_type.practitioners.set(practitioners)
    record(by=by, action=Action.CREATE, subject=visit_type, at=at)
    return visit_type


@transaction.atomic
def edit_visit_type(*, visit_type: VisitType, by, practitioners=None, at=None, **changes) -> VisitType:
    """Booked visits keep the times they were booked with; those booked from now on follow the new ones."""
    _edit(visit_type, changes, by, at)
    if practitioners is not None and set(practitioners) != set(visit_type.practitioners.all()):
        visit_type.practitioners.set(practitioners)
        record(by=by, action=Action.CHANGE, subject=visit_type, fields=["practitioners"], at=at)
    return visit_type


@transaction.atomic
def add_room(*, name: str, by, kind: str = "", at=None) -> Room:
    settings_rules.check_name_is_new(Room, name)
    room = Room.objects.create(name=name, kind=kind)
    record(by=by, action=Action.CREATE, subject=room, at=at)
    return room


@transaction.atomic
def edit_room(*, room: Room, by, at=None, **changes) -> Room:
    """`changes`: name, kind. Booked visits stay in it."""
    return _edit(room, changes, by, at)


@transaction.atomic
def retire_visit_type(*, visit_type: VisitType, reason: str, by, at=None) -> VisitType:
    return _retire(visit_type, reason, by, at)


@transaction.atomic
def retire_room(*, room: Room, reason: str, by, at=None) -> Room:
    """A room with visits to come is not retired: they are moved first."""
    settings_rules.check_room_is_empty(room, at or clock.now())
    return _retire(room, reason, by, at)


def _edit(row, changes: dict, by, at):
    if changes.get("name", row.name) != row.name:
        settings_rules.check_name_is_new(type(row), changes["name"], but=row)
    save_changes(row=row, values=changes, by=by, at=at)
    return row


def _retire(row, reason: str, by, at):
    if row.retired_at:
        raise Refused(_("It has been retired already."))
    row.retired_at, row.retire_reason = at or clock.now(), given(reason)
    row.save(update_fields=["retired_at", "retire_reason"])
    record(by=by, action=Action.RETIRE, subject=row, at=at)
    return row
