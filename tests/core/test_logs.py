"""Log lines are JSON, tell where and what kind, and never what an exception quotes."""

import json
import logging
import sys

import pytest

from clinic.core import context
from clinic.core.logs import JsonFormatter

pytestmark = pytest.mark.once

SECRET = "Ana Ruiz has a secret"


def line_of(message, *args, error=None, level=logging.ERROR):
    try:
        if error:
            raise error
    except BaseException:
        exc_info = sys.exc_info()
    else:
        exc_info = None
    record = logging.LogRecord("x", level, "file.py", 1, message, args, exc_info)
    return json.loads(JsonFormatter().format(record))


def test_a_line_says_when_what_and_for_which_request():
    token = context.begin(context.Context(request_id="abc"))
    line = line_of("visit %s moved", 7, level=logging.INFO)
    context.end(token)
    assert (line["message"], line["level"], line["request"]) == ("visit 7 moved", "INFO", "abc")


def test_the_kind_and_the_place_of_an_exception_are_told():
    line = line_of("failed", error=KeyError("x"))
    assert line["error"][0] == "KeyError"
    assert "test_logs.py" in line["error"][1]


def test_what_exceptions_quote_is_not():
    try:
        try:
            raise ValueError(SECRET)
        except ValueError as cause:
            raise RuntimeError(f"wrapped: {SECRET}") from cause
    except RuntimeError as error:
        line = line_of("Task x raised unexpected: %r\n%s", error, f"Traceback ... {SECRET}", error=error)
    text = json.dumps(line)
    assert SECRET not in text
    assert "RuntimeError" in text
    assert "ValueError" in text


def test_the_database_quotes_whole_rows_and_the_log_does_not(db):
    from django.db import IntegrityError, connection, transaction

    from tests.factories.people import UserFactory

    UserFactory(email="secret@clinic.example")
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        UserFactory(email="secret@clinic.example")
    if connection.vendor == "postgresql":
        assert "secret@clinic.example" in str(caught.value)
    assert "secret@clinic.example" not in json.dumps(line_of("failed", error=caught.value))


def test_no_line_break_makes_a_second_line():
    record = logging.LogRecord("x", logging.INFO, "f", 1, "one\n%s", ("two",), None)
    assert "\n" not in JsonFormatter().format(record)
