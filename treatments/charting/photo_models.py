from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

PREFIX = "photo_"


def is_photo(diagram: str) -> bool:
    """Whether what a chart has points on is a photo, by its `key`, and no drawing."""
    return diagram.startswith(PREFIX)


class SessionPhoto(models.Model):
    """A photo of the patient that points are put on. `file` holds the very bytes that were sent.

    `width` and `height`, in pixels, are those of the picture the right way up. Nothing of a photo ever changes; it can
    be removed while its session is a draft.
    """

    session = models.ForeignKey("charting.TreatmentSession", models.PROTECT, related_name="photos")
    file = models.FileField(_("photo"), upload_to="sessions/", max_length=120, editable=False)
    sha256 = models.CharField(max_length=64, editable=False)
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False)
    added_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ["pk"]

    def __str__(self):
        return f"photo {self.pk} of session {self.session_id}"

    @property
    def key(self) -> str:
        """What a chart calls it, where it else names a diagram."""
        return f"{PREFIX}{self.pk}"
