"""Text and numbers as people and machines send them."""

from __future__ import annotations

import pytest
from marshmallow import ValidationError

from experiments.fields import LARGEST_WHOLE, Line, Prose, Real, Whole, flat_errors


@pytest.mark.parametrize(
    "deceit",
    [
        "left\u202eright",
        "\u2067isolated",
        "zero\u200bwidth",
        "nul\x00",
        "bell\x07",
        "lone\ud800surrogate",
        "a" + "\u0301" * 6,
    ],
)
def test_text_that_deceives_the_eye_is_refused(deceit):
    with pytest.raises(ValidationError):
        Line().deserialize(deceit)


def test_text_is_normalised_and_trimmed():
    assert Line().deserialize("  Cafe\u0301 ") == "Caf\u00e9"


def test_a_line_is_one_line():
    with pytest.raises(ValidationError):
        Line().deserialize("one\ntwo")
    assert Prose().deserialize("one\r\ntwo") == "one\ntwo"


@pytest.mark.parametrize(
    "blank",
    ["", "  ", "\n", "\u3164", "\u115f\u1160", "\uffa0 \u3000", "\u2800", "\u00ad", "\u034f", "\u180e"],
)
def test_required_means_not_blank(blank):
    with pytest.raises(ValidationError):
        Prose(required=True).deserialize(blank)
    assert Prose(blank=True).deserialize(blank) == ""


@pytest.mark.parametrize("text", ["가", "1", "-", "\u1100", "a\u3164"])
def test_one_visible_sign_is_a_text(text):
    assert Prose(required=True).deserialize(text) == text


@pytest.mark.parametrize(
    ("sent", "read"), [(24, 24), ("24", 24), (" -3 ", -3), (LARGEST_WHOLE, LARGEST_WHOLE)]
)
def test_whole_numbers_are_read(sent, read):
    assert Whole().deserialize(sent) == read


@pytest.mark.parametrize("sent", [7.9, 7.0, "7.9", "1_2", "１２", "", "1e3", True, 2**31, "9" * 5000, [1]])
def test_what_is_no_whole_number_is_refused(sent):
    with pytest.raises(ValidationError):
        Whole().deserialize(sent)


@pytest.mark.parametrize(
    ("sent", "read"), [(0.5, 0.5), (2, 2.0), ("0.5", 0.5), ("-1e-3", -0.001), (".5", 0.5)]
)
def test_real_numbers_are_read(sent, read):
    assert Real().deserialize(sent) == read


@pytest.mark.parametrize(
    "sent", ["1_000", "１２", "nan", "inf", float("nan"), float("inf"), "1e999", True, "", "0x10", 10**400]
)
def test_what_is_no_finite_number_is_refused(sent):
    with pytest.raises(ValidationError):
        Real().deserialize(sent)


def test_errors_are_told_by_dotted_path():
    nested = {"rule": {0: {"tests": ["Missing."]}}, "title": ["Missing.", "Too long."]}
    assert flat_errors(nested) == {"rule.0.tests": ["Missing."], "title": ["Missing.", "Too long."]}
