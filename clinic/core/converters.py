"""Path converters: numbers that no database can hold are no such page, rather than an error."""

from datetime import date


class RowIdConverter:
    """A positive row id of at most 18 digits, without leading zeros."""

    regex = "[1-9][0-9]{0,17}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


class DayConverter:
    """A calendar day as 2026-03-29, from 1900 to 2199: further out the arithmetic of time zones ends."""

    regex = "(?:19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}"

    def to_python(self, value: str) -> date:
        return date.fromisoformat(value)

    def to_url(self, value: date) -> str:
        return value.isoformat()
