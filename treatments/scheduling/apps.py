from django.apps import AppConfig


class SchedulingConfig(AppConfig):
    name = "treatments.scheduling"

    def ready(self):
        from clinic.core import guards
        from treatments.charting.safety.facts import ask_calendar
        from treatments.scheduling.safety import is_consulted

        ask_calendar(is_consulted)
        guards.register(*overlap_guards(), *guards.append_only("scheduling_appointmentchange"))


def overlap_guards():
    """No two live visits overlap on a practitioner, a room or a patient."""
    from clinic.core.guards import no_overlap
    from treatments.scheduling.enums import LIVE

    statuses = ", ".join(f"'{status.value}'" for status in LIVE)
    live = f"{{row}}status IN ({statuses})"
    table = "scheduling_appointment"
    for resource, starts, ends in [
        ("practitioner_id", "busy_from", "busy_until"),
        ("room_id", "busy_from", "busy_until"),
        ("patient_id", "starts_at", "ends_at"),
    ]:
        yield no_overlap(
            f"scheduling_no_overlap_{resource.removesuffix('_id')}",
            table=table,
            resource=resource,
            starts=starts,
            ends=ends,
            live=live,
        )
