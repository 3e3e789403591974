from importlib import import_module

from django.apps import AppConfig, apps
from django.core.management import call_command
from django.db import connections
from django.db.models.signals import post_migrate, pre_migrate
from django.urls import register_converter


class CoreConfig(AppConfig):
    name = "clinic.core"

    def ready(self):
        from clinic.core import checks, converters  # noqa: F401 -- registers the checks

        import_module("clinic.celery")  # the queue; not in clinic/__init__, which is read before Celery is installed
        register_converter(converters.RowIdConverter, "row")
        register_converter(converters.DayConverter, "day")
        with_models = [config for config in apps.get_app_configs() if config.models_module]
        pre_migrate.connect(clear_the_way, sender=with_models[0], dispatch_uid="clear_the_way")
        post_migrate.connect(complete_database, sender=with_models[-1], dispatch_uid="complete_database")


def clear_the_way(using, **kwargs):
    """SQLite changes a table by building it anew, which fails while another table's trigger names it."""
    from clinic.core import guards

    if connections[using].vendor == "sqlite":
        guards.remove_triggers(using)


def complete_database(using, **kwargs):
    """What migrations cannot hold: guards that a table rebuild drops, and the cache's table."""
    from clinic.core import guards

    guards.install(using)
    call_command("createcachetable", database=using, verbosity=0)
