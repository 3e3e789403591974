from importlib import import_module

from django.apps import AppConfig, apps
from django.core.management import call_command
from django.db.models.signals import post_migrate
from django.urls import register_converter


class CoreConfig(AppConfig):
    name = "clinic.core"

    def ready(self):
        from clinic.core import checks, converters  # noqa: F401 -- registers the checks

        import_module("clinic.celery")  # the queue; not in clinic/__init__, which is read before Celery is installed
        register_converter(converters.RowIdConverter, "row")
        register_converter(converters.DayConverter, "day")
        last = [config for config in apps.get_app_configs() if config.models_module][-1]
        post_migrate.connect(complete_database, sender=last, dispatch_uid="complete_database")


def complete_database(using, **kwargs):
    """What migrations cannot hold: guards that a table rebuild drops, and the cache's table."""
    from clinic.core import guards

    guards.install(using)
    call_command("createcachetable", database=using, verbosity=0)
