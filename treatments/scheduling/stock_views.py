"""What the calendar tells the people who keep the stock."""

from django.shortcuts import render
from django.views.decorators.http import require_safe

from clinic.core import clock
from clinic.staff.access import requires
from clinic.staff.permissions import Permission
from treatments.scheduling.stock_forecast import forecast


@requires(Permission.VIEW_STOCK)
@require_safe
def stock_forecast(request):
    """Sums by ingredient; who is booked and why is not said."""
    return render(request, "scheduling/stock_forecast.html", {"forecast": forecast(clock.now())})
