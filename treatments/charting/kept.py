"""Which earlier versions of a draft are kept, so that its author can look at them and go back.

Not each of hundreds of automatic saves: what the draft held every two minutes, and what it held before something was
taken away. At the end of a session that makes a handful of versions, and never the loss of more than two minutes.
"""

from datetime import datetime, timedelta

KEPT_EVERY = timedelta(minutes=2)
SHORTER = 20  # characters that a text may lose before that counts as taking away
TEXTS = ("note", "reactions", "advice")


def is_worth_keeping(before: dict, after: dict, *, saved_at: datetime, last_kept_at: datetime) -> bool:
    """Whether `before`, saved at `saved_at`, is kept when `after` replaces it."""
    if not before or before == after:
        return False
    return saved_at - last_kept_at >= KEPT_EVERY or takes_away(before, after)


def takes_away(before: dict, after: dict) -> bool:
    """More than one point, a syringe, or more than a word or two of a text."""
    left = {syringe["id"] for syringe in after.get("preparations", [])}
    return (
        points_in(before) - points_in(after) > 1
        or any(syringe["id"] not in left for syringe in before.get("preparations", []))
        or any(len(before.get(name, "")) - len(after.get(name, "")) > SHORTER for name in TEXTS)
    )


def points_in(content: dict) -> int:
    """How many points are charted, by tapping or by count, as far as that can be read."""
    return sum(
        len(group.get("points", [])) or _count(group.get("count", "")) for group in content.get("injections", [])
    )


def _count(typed: str) -> int:
    typed = typed.strip()
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= 4 else 0
