import pytest


@pytest.fixture(autouse=True)
def registry_alone(settings):
    """The registry's pages are tested without the apps above, whose tabs and places the frame asks for by name."""
    settings.NAVIGATION = []
    settings.PATIENT_TABS = [tab for tab in settings.PATIENT_TABS if tab["view"].startswith("registry:")]
    settings.PATIENT_WARNINGS = settings.PATIENT_WARNINGS | {"view": "registry:patient"}
