"""Static files as they are served: compressed, under names that change with what they hold: browsers may keep them."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedFiles(CompressedManifestStaticFilesStorage):
    """Also our scripts import each other by these names: a page never gets half of an older version.

    Django's own switch for it reads the scripts of others too, and stops at one of django-htmx, whose comment names a
    file that is not there.
    """

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        ("js/*.js", ((r'(?P<matched>(?P<word>from|import) "(?P<url>\./[^"]+)")', '%(word)s "%(url)s"'),)),
    )
    max_post_process_passes = 10  # one for each step of the longest chain of imports
