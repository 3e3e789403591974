"""Small marks beside a visit, such as whether its messages went out.

Who knows that stands above the calendar: `settings.VISIT_MARKS` names the functions, so that nothing is imported
upwards. A function takes the ids of visits and answers pairs of (visit id, Mark) for all of them in one statement.
"""

from collections import defaultdict
from collections.abc import Collection
from typing import NamedTuple

from django.conf import settings
from django.utils.module_loading import import_string

from clinic.staff.permissions import Permission


class Mark(NamedTuple):
    """`icon` as Bootstrap Icons name it; `text` says in few words, none of them clinical, what the icon stands for;
    `tone` is "", "note", "reason" or "ok".
    """

    icon: str
    text: str
    tone: str = ""


def mark_visits(visits: Collection, user) -> None:
    """Gives each visit its `marks`, of those that this person may see."""
    found = defaultdict(list)
    ids = [visit.pk for visit in visits]
    for place in settings.VISIT_MARKS if ids else ():
        if user.may(Permission(place["permission"])):
            for visit_id, mark in import_string(place["function"])(ids):
                found[visit_id].append(mark)
    for visit in visits:
        visit.marks = found[visit.pk]
