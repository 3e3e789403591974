from django.apps import AppConfig


class RemindersConfig(AppConfig):
    name = "treatments.reminders"

    def ready(self):
        from clinic.core import guards
        from treatments.links import care
        from treatments.reminders import reports  # noqa: F401 -- listens to django-anymail
        from treatments.reminders.own_sheet import about_medicines

        care.ask_about_medicines(about_medicines)
        guards.register(*guards.append_only("reminders_textversion"), *decision_guards())


def decision_guards():
    """What was decided about a medicine stays as it was decided: it may only be replaced, once, by another row."""
    from clinic.core.guards import changes, refusal, truncation

    table = "reminders_medicinedecision"
    about = ("appointment_id", "patient_id", "medicine_id", "opened_at")
    decided = (
        "starts_at", "decision", "note", "prescriber", "pause_from", "pause_until", "decided_by_id", "decided_at",
    )  # fmt: skip
    return [
        refusal(
            "reminders_decision_frozen",
            table=table,
            event="UPDATE",
            when=f"OLD.replaced_at IS NOT NULL OR {changes(about)} "
            f"OR (OLD.decision <> 'waiting' AND ({changes(decided)}))",
        ),
        refusal("reminders_decision_never_deleted", table=table, event="DELETE", when="1=1"),
        truncation(table),
    ]
