"""A real worker and a mail server at its worst, seven ways: the right state in each, and nobody else waits for it."""

from collections import Counter

import pytest

from tests.reminders.test_faults import GROWN
from tests.reminders.test_worker import clinic_of_processes, crew  # noqa: F401 -- fixtures

REFUSING, OTHERS = 5, 95
# What the server does with whom, and what becomes of the message: state, and why
WAYS = {
    "421": ("planned", ""),
    "451": ("planned", ""),
    "550": ("failed", "refused"),
    "hang": ("planned", ""),
    "cut": ("planned", ""),
    "slow": ("sent", ""),
}
MESSAGES = """
    SELECT split_part(p.email, '@', 1), r.status, r.why, r.provider_answer, r.attempts
    FROM reminders_reminder r JOIN registry_patient p ON p.id = r.patient_id ORDER BY r.id
"""


@pytest.mark.slow
@GROWN
def test_seven_ways_of_a_mail_server(crew):  # noqa: F811
    crew.mails.close()
    crew.worker(2)
    crew.seed(REFUSING, "email")
    crew.sweep_until(lambda: all(row[4] == 1 and row[1] == "planned" for row in crew.sql(MESSAGES)))
    assert {(row[1], row[3]) for row in crew.sql(MESSAGES)} == {("planned", "ConnectionRefusedError")}

    crew.seed(OTHERS + len(WAYS), "email")
    for number, name in enumerate(WAYS):
        newest = f"SELECT patient_id FROM reminders_reminder ORDER BY id DESC OFFSET {number * 16} LIMIT 1"
        crew.sql(f"UPDATE registry_patient SET email = '{name}@mail.example' WHERE id = ({newest})")
    crew.sql("UPDATE reminders_reminder SET next_try_at = now()")
    crew.mails.open()
    crew.sweep_until(lambda: all(row[4] and row[1] != "claimed" for row in crew.sql(MESSAGES)))

    rows = {name: about for name, *about in crew.sql(MESSAGES)}
    others = Counter(row[1] for row in crew.sql(MESSAGES) if row[0] not in WAYS)
    right = sum(tuple(rows[name][:2]) == state for name, state in WAYS.items())
    ((longest,),) = crew.sql("SELECT max(extract(epoch FROM ended_at - began_at)) FROM reminders_attempt")
    print(f"\na bad mail server: {1 + right} of 7 ways right, {others['sent']} of {REFUSING + OTHERS} others sent,")
    print(f"longest try {longest:.1f} s")
    assert {name: tuple(rows[name][:2]) for name in WAYS} == WAYS
    assert others == {"sent": REFUSING + OTHERS}
    assert rows["550"][3] == 1
    assert longest < 30
