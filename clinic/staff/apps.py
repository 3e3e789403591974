from django.apps import AppConfig


class StaffConfig(AppConfig):
    name = "clinic.staff"

    def ready(self):
        from clinic.staff import signals  # noqa: F401 -- connects them
