"""Log lines as JSON with the request's id. Never patient data: log ids, not names.

An exception's message may quote what was typed, and PostgreSQL's quotes whole rows; so only the kinds of the
exceptions and the places in the code are written. Nor what opens an address: whoever reads the log could use it.
"""

import json
import logging
import re
import traceback
from datetime import UTC, datetime

from clinic.core import context

SECRET = re.compile(r"/[A-Za-z0-9_-]{22,}(?=[/.]|\s|$)")


class JsonFormatter(logging.Formatter):
    def format(self, record):
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request": context.current().request_id,
        }
        line["message"] = SECRET.sub("/***", line["message"])
        if record.exc_info and record.exc_info[1]:
            line["message"] = _without(line["message"], record.exc_info[1])
            if record.levelno >= logging.ERROR:
                line["error"] = _places(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


def _chain(error: BaseException):
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _without(message: str, error: BaseException) -> str:
    """The first line of the message, without what the exceptions say."""
    for link in _chain(error):
        for words in (repr(link), str(link)):
            if words:
                message = message.replace(words, type(link).__name__)
    return message.strip().partition("\n")[0]


def _places(error: BaseException) -> list[str]:
    """Each exception of the chain, newest first, with where it passed through."""
    return [
        line
        for link in _chain(error)
        for line in [
            type(link).__qualname__,
            *(f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(link.__traceback__)),
        ]
    ]
