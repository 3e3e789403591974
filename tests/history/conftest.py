import pytest


@pytest.fixture(autouse=True)
def history_alone(settings):
    """The history's pages are tested without the apps above, whose tabs and places the frame asks for by name."""
    settings.NAVIGATION = []
    settings.PATIENT_TABS = [tab for tab in settings.PATIENT_TABS if tab["view"].startswith(("registry:", "history:"))]
