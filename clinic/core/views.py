"""Health, and the pages for what went wrong."""

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from clinic.core import guards


def healthz(request):
    """Ready to serve: the database answers, is migrated, and keeps its guards. 503 with the reason otherwise."""
    try:
        executor = MigrationExecutor(connection)
        waiting = bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
        missing = [] if waiting else guards.missing()
    except DatabaseError:
        return JsonResponse({"database": "unreachable"}, status=503)
    if waiting or missing:
        return JsonResponse({"database": "migrations are waiting" if waiting else f"missing: {missing}"}, status=503)
    return JsonResponse({"database": "ok"})


healthz.public = True


def bad_request(request, exception=None):
    return _plain_page("errors/400.html", status=400)


def forbidden(request, exception=None):
    return render(request, "errors/403.html", status=403)


def csrf_failure(request, reason=""):
    return _plain_page("errors/csrf.html", status=403)


def not_found(request, exception=None):
    return render(request, "errors/404.html", status=404)


def too_many_requests(request, exception=None):
    return _plain_page("errors/429.html", status=429)


def server_error(request):
    return _plain_page("errors/500.html", status=500)


def _plain_page(template: str, *, status: int) -> HttpResponse:
    """A page that asks nobody anything: what is broken may be the database, the session or the request itself."""
    return HttpResponse(render_to_string(template), status=status)
