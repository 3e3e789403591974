"""Numbered system checks: a wrong deployment says so before it hurts."""

from django.conf import settings
from django.core.checks import Error, Tags, Warning, register


@register(Tags.security, deploy=True)
def production_settings(app_configs, **kwargs):
    found = []
    if settings.EMBEDDED:
        found.append(
            Warning(
                "Runs on the embedded database and queue.",
                hint="Set DATABASE_URL and REDIS_URL for more than one machine.",
                id="nappage.W001",
            )
        )
    if not settings.REQUIRE_SECOND_FACTOR:
        found.append(Error("Staff may sign in without a second factor.", hint="Unset it.", id="nappage.E001"))
    if settings.DEMO:
        found.append(Error("Demo people with known passwords are allowed.", id="nappage.E002"))
    return found
