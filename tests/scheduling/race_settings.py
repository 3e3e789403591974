"""Settings of the server that the races are run against: ours, on the test's own database."""

import os

from clinic.settings import *  # noqa: F403
from clinic.settings import DATABASES, STORAGES

STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["NAME"] = os.environ["RACE_DATABASE"]
    DATABASES["default"]["OPTIONS"]["init_command"] += " PRAGMA synchronous=OFF;"
