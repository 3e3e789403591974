from django.apps import AppConfig


class StockConfig(AppConfig):
    name = "treatments.stock"

    def ready(self):
        from clinic.core import guards

        guards.register(*guards.append_only("stock_movement"))
