"""Reads settings from the environment, strictly: a wrong value stops the start with a sentence that says what to do."""

import json
import os
import secrets
from contextlib import suppress
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def text(name: str, default: str = "") -> str:
    """The variable, or the content of the file that NAME_FILE points to."""
    if file := os.environ.get(f"{name}_FILE"):
        return Path(file).read_text().strip()
    return os.environ.get(name, default)


def flag(name: str, *, default: bool) -> bool:
    """Only "true" and "false" are understood; anything else raises ImproperlyConfigured."""
    value = text(name, str(default).lower())
    if value not in {"true", "false"}:
        raise ImproperlyConfigured(f"{name} must be true or false.")
    return value == "true"


def number(name: str, *, default: int) -> int:
    value = text(name, str(default))
    if not value.isascii() or not value.isdigit():
        raise ImproperlyConfigured(f"{name} must be a whole number.")
    return int(value)


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list, without empty entries."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def json_object(name: str) -> dict:
    """A JSON object with names and values; an empty one when the variable is not there."""
    try:
        value = json.loads(text(name) or "{}")
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ImproperlyConfigured(f"{name} must be a JSON object.")
    return value


def secret(name: str, *, folder: Path) -> str:
    """The variable, or a key kept in `folder` (made on first use, readable by its owner only).

    The file appears whole or not at all, so that processes that start together agree on one key.
    """
    if value := text(name):
        return value
    path = folder / name.lower()
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        aside = folder / f".{name.lower()}.{secrets.token_hex(8)}"
        aside.touch(mode=0o600, exist_ok=False)
        aside.write_text(secrets.token_urlsafe(64))
        with suppress(FileExistsError):
            path.hardlink_to(aside)
        aside.unlink()
    return path.read_text().strip()
