"""Parts of pages that stand open all day and ask again and again whether anything has changed."""

from hashlib import sha256

from django.http import HttpResponse
from django.template.loader import render_to_string


def unless_known(request, template: str, context: dict) -> HttpResponse:
    """A part of a page that stands open; "not modified" while it is as the page shows it."""
    html = render_to_string(template, context, request)
    tag = f'"{sha256(html.encode()).hexdigest()[:20]}"'
    if request.headers.get("If-None-Match") == tag:
        return HttpResponse(status=304, headers={"ETag": tag})
    return HttpResponse(html, headers={"ETag": tag})
