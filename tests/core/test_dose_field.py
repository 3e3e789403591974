"""Sixty spellings of an amount in four languages: stored = shown = meant, or refused with a reason."""

from decimal import Decimal

import pytest
from django import forms
from django.db import connection, models
from django.template import Context, Template
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from clinic.core.fields import DoseField, format_amount
from clinic.core.forms import Form

pytestmark = pytest.mark.once

# What is typed, and the amount that everybody means by it; None where it must be refused
SPELLINGS = [
    ("0.5", "0.5"),
    ("0,5", "0.5"),
    ("0.50", "0.5"),
    ("0,500", "0.5"),
    ("0.500", "0.5"),
    ("0.125", "0.125"),
    ("0,125", "0.125"),
    ("5", "5"),
    ("5.0", "5"),
    ("5,00", "5"),
    ("10", "10"),
    ("10.25", "10.25"),
    ("10,25", "10.25"),
    (" 2 ", "2"),
    ("1.25", "1.25"),
    ("1.2500", "1.25"),
    ("1,1250", "1.125"),
    ("100", "100"),
    ("999.999", None),
    ("0.0010", "0.001"),
    ("1,250", None),
    ("1.250", None),
    ("10.000", None),
    ("250,000", None),
    ("1,000.5", None),
    ("1.000,5", None),
    ("1 000", None),
    ("1'000", None),
    ("1\u00a0000", None),
    ("1\u202f000", None),
    ("0.0001", None),
    ("0.12345", None),
    ("-1", None),
    ("-0", None),
    ("+1", None),
    ("0", None),
    ("0.0", None),
    ("0,000", None),
    ("1e2", None),
    ("1E-1", None),
    ("1_000", None),
    ("0x10", None),
    ("NaN", None),
    ("sNaN", None),
    ("Infinity", None),
    ("-Infinity", None),
    (".5", None),
    (",5", None),
    ("5.", None),
    ("5,", None),
    ("00.5", None),
    ("05", None),
    ("1/2", None),
    ("½", None),
    ("٠.٥", None),
    ("１", None),
    ("1..5", None),
    ("1,,5", None),
    ("1.5.0", None),
    ("0.5 mL", None),
    ("0.5\n", None),
    ("0.5\x00", None),
    ("zero", None),
    ("9223372036854775808", None),
    ("1" * 40, None),
    ("0." + "0" * 5000 + "1", None),
    ("0.5" + "0" * 40 + "1", None),
    ("0.5" + "0" * 40, "0.5"),
]
assert len(SPELLINGS) >= 60


class Amount(models.Model):
    """A column as our models have them; it never gets a table."""

    value = models.DecimalField(max_digits=7, decimal_places=3)

    class Meta:
        app_label = "core"
        managed = False


class AmountForm(Form):
    amount = DoseField(decimal_places=3, max_value="1000")


@pytest.fixture(autouse=True)
def localised(settings):
    settings.USE_THOUSAND_SEPARATOR = True  # the worst that anybody may switch on


@pytest.mark.parametrize("language", ["en", "es", "fr", "de"])
@pytest.mark.parametrize(("typed", "meant"), SPELLINGS, ids=lambda text: str(text)[:20])
def test_spelling(language, typed, meant):
    with translation.override(language):
        form = AmountForm({"amount": typed})
        if meant is None:
            assert not form.is_valid()
            assert form.errors["amount"]
            return
        assert form.is_valid(), form.errors
        stored = Amount._meta.get_field("value").get_db_prep_save(form.cleaned_data["amount"], connection)
        assert Decimal(str(stored)) == Decimal(meant)
        shown = Template("{% load nappage %}{{ value|amount:'mL' }}").render(Context({"value": Decimal(str(stored))}))
        assert shown == f"{meant}\u00a0mL"
        again = AmountForm(initial={"amount": Decimal(str(stored))})
        assert again["amount"].value() == meant, "and the same once more in the form"
        assert f'value="{meant}"' in str(again["amount"])


@pytest.mark.parametrize(
    ("typed", "hint"),
    [("1.250", "write 1.25 or 1250"), ("1,125", "write 1.1250 or 1125"), ("2.000", "write 2 or 2000")],
)
def test_an_ambiguous_amount_is_answered_with_spellings_that_work(typed, hint):
    form = AmountForm({"amount": typed})
    assert hint in form.errors["amount"][0]
    assert AmountForm({"amount": hint.split()[1]}).is_valid()


def test_what_was_typed_is_kept():
    form = AmountForm({"amount": "1,250"})
    assert 'value="1,250"' in str(form["amount"])


@given(st.decimals(min_value="0.001", max_value="1000", places=3))
def test_every_amount_survives_the_round(amount):
    text = format_amount(amount)
    if "." in text and len(text.partition(".")[2]) == 3 and not text.startswith("0."):
        text += "0"
    form = AmountForm({"amount": text})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["amount"] == amount


@given(st.text(max_size=30))
def test_no_text_crashes_it_or_means_something_else(text):
    form = AmountForm({"amount": text})
    if form.is_valid():
        assert format_amount(form.cleaned_data["amount"]) in text.replace(",", ".")


def test_limits_are_said_in_plain_digits():
    class Limited(forms.Form):
        depth = DoseField(decimal_places=1, min_value="0.5", max_value="13")

    for typed, words in [("0.4", "at least 0.5"), ("13.1", "at most 13"), ("1.25", "at most 1 digit")]:
        assert words in Limited({"depth": typed}).errors["depth"][0]
    assert Limited({"depth": "13"}).is_valid()
