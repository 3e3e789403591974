from django.apps import AppConfig


class LinksConfig(AppConfig):
    name = "treatments.links"

    def ready(self):
        from clinic.core import guards

        guards.register(*guards.append_only("links_toldmedicine"))
