"""A month of a busy clinic, day by day: every patient's inbox against an independent, slow recomputation.

Everything is planned once a week only: on all other looks, what the trail says has changed.
"""

from datetime import timedelta

import pytest
from django.core import mail

from tests.reminders.month import FIRST, LOOKS, ZONE, Clinic, Oracle, RuleAsKnown, by_patient, instant, time
from treatments.reminders import queries
from treatments.reminders.models import Reminder, ReminderRule
from treatments.reminders.services import (
    deliver_reminders,
    edit_rule,
    load_default_rules_and_texts,
    plan_changes,
    plan_reminders,
)

DAYS = 30
BEGINS = instant(FIRST - timedelta(days=1), time(9))


def known_rules() -> list[RuleAsKnown]:
    """The shipped rules in use, in the test's own words."""
    session, week = {"session"}, "stop"
    ten = time(10)
    return [
        RuleAsKnown("booked", "booked", session, [(BEGINS, 0, None, True)]),
        RuleAsKnown(
            "ten_days", "before_visit", session, [(BEGINS, 10, ten, True)], long_medicine_only=True, words=week
        ),
        RuleAsKnown("nsaid_week", "before_visit", session, [(BEGINS, 7, ten, True)], words=week),
        RuleAsKnown("day_before", "before_visit", session, [(BEGINS, 1, ten, True)], skip_late=True),
        RuleAsKnown("after_care", "after_session", session, [(BEGINS, 0, time(18), True)]),
        RuleAsKnown("check_day_2", "after_session", session, [(BEGINS, 2, ten, True)]),
    ]


# Of which rule, on which day of the month: days or hours of distance, wall time, in use
EDITS = {
    3: ("nsaid_week", 7, time(10), False),
    5: ("nsaid_week", 7, time(10), True),
    6: ("nsaid_week", 9, time(10), True),
    12: ("day_before", 2, time(17), True),
    15: ("booked", 0, None, False),
    18: ("booked", 0, None, True),
    21: ("nsaid_week", 5, time(13), True),
    24: ("check_day_2", 3, time(17), True),
}


@pytest.mark.once
@pytest.mark.slow
@pytest.mark.django_db
def test_every_inbox_of_a_month_holds_what_it_should(clinic_row, administrator, capsys):
    load_default_rules_and_texts(at=BEGINS)
    clinic, rules = Clinic(seed=7, patients=900), known_rules()
    ReminderRule.objects.exclude(key__in=[rule.key for rule in rules]).update(active=False)
    by_key = {rule.key: rule for rule in rules}
    oracle = Oracle(clinic.visits, clinic.people, rules)
    stale = 0
    for number in range(DAYS):
        day = FIRST + timedelta(days=number)
        for look in LOOKS:
            now = instant(day, look)
            happen(clinic, now - timedelta(minutes=20), first_look=look == LOOKS[0])
            if look == LOOKS[0] and number in EDITS:
                edit(by_key, EDITS[number], administrator, now - timedelta(minutes=5))
            oracle.look(now)
            plan = plan_reminders if look == LOOKS[0] and number % 7 == 0 else plan_changes
            stale += deliver_all(clinic, now, plan)
    got = inbox(clinic)
    with capsys.disabled():
        moved = sum(len(visit.history) - 1 for visit in clinic.visits)
        print(
            f"\na month: {len(clinic.visits)} visits, {moved} changes, {len(EDITS)} rules edited, {len(got)} messages;"
            f" missing {len(oracle.inbox - got)}, extra {len(got - oracle.inbox)}, stale {stale}"
        )
    assert len(clinic.visits) >= 2000
    assert by_patient(got) == by_patient(oracle.inbox)
    assert stale == 0
    assert len(mail.outbox) == Reminder.objects.filter(status="sent", channel="email").count()


def happen(clinic: Clinic, now, *, first_look: bool) -> None:
    clinic.treat(now)
    clinic.book(now, 12)
    clinic.move(now, 4)
    clinic.cancel(now, 2)
    if first_look:
        clinic.change_contacts(now, 6)


def edit(by_key, change, by, now) -> None:
    key, offset, wall, active = change
    rule = ReminderRule.objects.get(key=key)
    edit_rule(rule=rule, offset=offset, send_at=wall, active=active, by=by, at=now)
    by_key[key].history.append((now, offset, wall, active))


def deliver_all(clinic: Clinic, now, plan) -> int:
    """Plans and sends; answers how many messages left about a time that the visit does not have."""
    plan(at=now)
    ends = {}
    while due := queries.due(now, 1000):  # a run ends after some seconds and leaves the rest
        ends |= deliver_reminders(reminder_ids=due, at=now)
    sent = Reminder.objects.filter(pk__in=[pk for pk, end in ends.items() if end == "sent"])
    Reminder.objects.filter(pk__in=sent.values("pk")).update(sent_at=now)
    starts = {visit.pk: visit.at(now)[0] for visit in clinic.visits if visit.at(now)}
    return sum(
        starts[row.appointment_id].astimezone(ZONE) != row.starts_at.astimezone(ZONE)
        for row in sent
        if row.appointment_id
    )


def inbox(clinic: Clinic) -> set[tuple]:
    rows = Reminder.objects.filter(status="sent").select_related("rule")
    return {
        (
            row.patient_id,
            row.rule.key,
            ("visit", row.appointment_id) if row.appointment_id else ("session", clinic.sessions[row.session_id]),
            row.starts_at,
            row.sent_at,
        )
        for row in rows
    }
