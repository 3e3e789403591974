#!/usr/bin/env python3
"""The one door: sets up what a fresh clone lacks, then runs a command."""

import os
import sys

from clinic import bootstrap


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
    bootstrap.prepare(sys.argv)
    if sys.argv[1:2] == ["test"]:
        from tests.__main__ import main as run_tests

        sys.exit(run_tests(sys.argv[2:]))
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
