from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Purpose(TextChoices):
    """What a link is for: one thing, and nothing else opens by it."""

    VISIT = "visit", _("Answer about the visit")
    PREPARE = "prepare", _("Read how to prepare")
    AFTER_CARE = "after_care", _("Read the after-care")
    TAKEN = "taken", _("Say which medicines were taken")
    STOP = "stop", _("Stop messages")


class Topic(TextChoices):
    """Kinds of messages that a patient may stop one by one."""

    REMINDERS = "reminders", _("Reminders of visits and how to prepare")
    AFTER_CARE = "after_care", _("After-care, and how it went")


class Answer(TextChoices):
    """What the patient did last by the link."""

    CONFIRMED = "confirmed", _("Will come")
    CANCELLED = "cancelled", _("Cancelled")
    ASKED = "asked", _("Asked for another time")
    READ = "read", _("Has read it")
    TOLD = "told", _("Has answered")
    STOPPED = "stopped", _("Wants no more messages")
    RESUMED = "resumed", _("Wants messages again")


class LinkState(TextChoices):
    """How a link stands, for the desk."""

    OPEN = "open", _("Not opened yet")
    OPENED = "opened", _("Opened")
    ANSWERED = "answered", _("Answered")
    LOCKED = "locked", _("Locked: wrong birth date five times")
    REPLACED = "replaced", _("Replaced by a new one")
    EXPIRED = "expired", _("Over")


class When(TextChoices):
    """When the visit would suit better. Choices and no words: the desk reads them."""

    SOONER = "sooner", _("Sooner, if you can")
    SAME_WEEK = "same_week", _("In the same week")
    NEXT_WEEK = "next_week", _("About a week later")
    LATER = "later", _("Later than that")


class LastTaken(TextChoices):
    """When a medicine was taken last."""

    TODAY = "today", _("Today")
    YESTERDAY = "yesterday", _("Yesterday")
    FEW_DAYS = "few_days", _("2 or 3 days ago")
    WEEK = "week", _("4 to 7 days ago")
    UNSURE = "unsure", _("I am not sure")
