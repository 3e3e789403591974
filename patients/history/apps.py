from django.apps import AppConfig


class HistoryConfig(AppConfig):
    name = "patients.history"

    def ready(self):
        from clinic.core import guards

        guards.register(*statement_guards())


def statement_guards():
    """What was said of a patient stays theirs and is never removed; what was taken back does not change any more."""
    from clinic.core.guards import changes, refusal, truncation

    moved = changes(("patient_id", "recorded_by_id", "recorded_at"))
    for name in ("patientallergy", "patientcondition", "patientmedicine", "noneknown", "pregnancyanswer"):
        table = f"history_{name}"
        yield refusal(f"{table}_frozen", table=table, event="UPDATE", when=f"OLD.voided_at IS NOT NULL OR {moved}")
        yield refusal(f"{table}_never_deleted", table=table, event="DELETE", when="1=1")
        yield truncation(table)
