import pytest


@pytest.fixture(autouse=True)
def seals_of_this_test(settings, tmp_path):
    settings.AUDIT_SEALS = tmp_path / "seals"
