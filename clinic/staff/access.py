"""How a view says who may open it. A view that says nothing is closed to everybody."""

from collections.abc import Callable

from clinic.staff.permissions import Permission


def requires(permission: Permission) -> Callable:
    """The view answers people who hold the permission; others get 403, strangers the sign-in page."""

    def mark(view):
        view.permission = permission
        return view

    return mark


def public(view):
    """The view answers everybody."""
    view.public = True
    return view


def background(view):
    """Polling and autosave: the request does not count as a sign of life of the person (idle limit)."""
    view.background = True
    return view
