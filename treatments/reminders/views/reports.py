"""Where providers report what became of a message. Open to everybody, closed to whoever does not know the secret."""

from anymail.exceptions import AnymailWebhookValidationFailure
from django.conf import settings
from django.http import Http404, HttpResponse, HttpResponseBadRequest, HttpResponseForbidden
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from clinic.core.errors import Conflict
from clinic.staff.access import public
from treatments.reminders import reports
from treatments.reminders.transports import twilio


@public
@csrf_exempt
@require_http_methods(["HEAD", "POST"])
def email(request):
    """Of the e-mail provider in use, as django-anymail understands it."""
    view = reports.email_view()
    if view is None:
        raise Http404
    try:
        return view(request)
    except AnymailWebhookValidationFailure:
        return HttpResponseForbidden()
    except Conflict:
        return _come_again()
    except (ValueError, KeyError, TypeError, AttributeError):
        return HttpResponseBadRequest()  # signed, but not what this provider says


@public
@csrf_exempt
@require_POST
def sms(request):
    """Of a provider with the plain interface; signed in the header Nappage-Signature."""
    if not settings.SMS_REPORT_KEY:
        raise Http404
    if not reports.is_signed_sms(request.body, request.headers.get("Nappage-Signature", "")):
        return HttpResponseForbidden()
    return _noted(lambda: reports.note_sms(request.body))


@public
@csrf_exempt
@require_POST
def twilio_sms(request, reference):
    if not settings.TWILIO_TOKEN:
        raise Http404
    values = request.POST.dict()
    if not twilio.is_signed(twilio.callback_url(reference), values, request.headers.get("X-Twilio-Signature", "")):
        return HttpResponseForbidden()
    return _noted(lambda: reports.note_twilio(reference, values))


def _noted(note) -> HttpResponse:
    try:
        note()
    except reports.Unreadable:
        return HttpResponseBadRequest()
    except Conflict:
        return _come_again()
    return HttpResponse(status=204)


def _come_again() -> HttpResponse:
    """The message is still being handed over."""
    return HttpResponse(status=503, headers={"Retry-After": "5"})
