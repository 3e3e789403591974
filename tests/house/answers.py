"""What every answer must carry, and what no page may hold."""

import re

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def assert_headers(response, *, static=False):
    for name, value in HEADERS.items():
        assert response[name] == value, name
    assert response["Referrer-Policy"] in {"same-origin", "no-referrer"}
    policy = response["Content-Security-Policy"]
    for directive in ("default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"):
        assert directive in policy
    for hole in ("unsafe-inline", "unsafe-eval", "*", "http:"):
        assert hole not in policy
    assert "camera=(self)" in response["Permissions-Policy"]
    assert response["X-Request-ID"]
    assert static or response["Cache-Control"] == "private, no-store"
    assert "Access-Control-Allow-Origin" not in response


INLINE = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)|<style|\sstyle=|\son\w+=|javascript:", re.I)


def assert_nothing_inline(response):
    """No script, style or handler in the page itself: the content policy would block it."""
    if response.get("Content-Type", "").startswith("text/html"):
        assert not INLINE.search(response.content.decode())


KEPT_APART = ("audit_auditevent", "django_session", "core_cache")


def assert_wrote_nothing(queries):
    """Reading leaves a line in the trail and a sign of life in the session, and nothing else."""
    changes = [query["sql"] for query in queries if re.match(r"\s*(INSERT|UPDATE|DELETE)", query["sql"], re.I)]
    assert [sql for sql in changes if not any(table in sql for table in KEPT_APART)] == []
