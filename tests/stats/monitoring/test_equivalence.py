import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats import reasons
from stats.errors import EstimationError
from stats.inference import silent, student_t
from stats.monitoring.equivalence import NonInferiority, non_inferiority
from stats.results import Estimate


def estimate(low, high):
    """An estimate whose 95 % interval is about [low, high]."""
    value, half = (low + high) / 2, (high - low) / 2
    return Estimate(value, student_t(value, half / 1.959964, 1e9, alpha=0.05, method="cr1"))


@pytest.mark.parametrize(
    ("low", "high", "better", "status"),
    [
        (-0.5, 2.0, "higher", "safe"),
        (-2.0, 2.0, "higher", "unclear"),
        (-9.0, -2.0, "higher", "harmed"),
        (-9.0, -0.5, "higher", "unclear"),
        (-2.0, 0.5, "lower", "safe"),
        (-2.0, 2.0, "lower", "unclear"),
        (2.0, 9.0, "lower", "harmed"),
    ],
)
def test_the_whole_interval_is_read_against_the_margin(low, high, better, status):
    assert non_inferiority(estimate(low, high), margin=1.0, better=better).status == status


@pytest.mark.parametrize(("better", "limit"), [("higher", -1.0), ("lower", 1.0)])
def test_the_limit_is_where_harm_begins(better, limit):
    assert non_inferiority(estimate(0.0, 1.0), margin=1.0, better=better).limit == limit


@given(st.floats(-10, 10), st.floats(0.1, 5), st.floats(0, 5))
def test_turning_the_scale_round_turns_the_direction_round(value, half, margin):
    here, there = estimate(value - half, value + half), estimate(-value - half, -value + half)
    assert (
        non_inferiority(here, margin=margin, better="higher").status
        == non_inferiority(there, margin=margin, better="lower").status
    )


@given(st.floats(-10, 10), st.floats(0.1, 5))
def test_a_wider_margin_never_makes_it_less_safe(value, half):
    order = {"harmed": 0, "unclear": 1, "safe": 2}
    one = estimate(value - half, value + half)
    found = [order[non_inferiority(one, margin=margin, better="higher").status] for margin in (0, 1, 5, 20)]
    assert found == sorted(found)


def test_without_an_interval_nothing_is_clear_and_the_reason_is_said():
    unknown = Estimate(-9.0, silent("cr1", 0.05, reasons.one_treated_cluster()))
    reading = non_inferiority(unknown, margin=1.0, better="higher")
    assert reading.status == "unclear"
    assert reasons.one_treated_cluster().sentence_en in reading.sentence_en


def test_a_number_that_does_not_exist_is_unclear():
    reading = non_inferiority(reasons.counterfactual_not_positive(), margin=0.1, better="lower")
    assert reading.status == "unclear"


@pytest.mark.parametrize("status", ["safe", "harmed", "unclear"])
def test_no_reading_but_harmed_says_that_it_got_worse(status):
    low, high = {"safe": (0.0, 1.0), "harmed": (-9.0, -8.0), "unclear": (-9.0, 1.0)}[status]
    reading = non_inferiority(estimate(low, high), margin=1.0, better="higher")
    assert ("It got worse" in reading.sentence_en) == (status == "harmed")
    assert ("악화되었습니다" in reading.sentence_ko) == (status == "harmed")


@pytest.mark.parametrize("margin", [-0.1, float("nan"), float("inf")])
def test_a_margin_that_is_none_is_refused(margin):
    with pytest.raises(EstimationError, match="margin"):
        non_inferiority(estimate(0.0, 1.0), margin=margin, better="higher")


def test_an_unknown_direction_is_refused():
    with pytest.raises(EstimationError, match="better"):
        non_inferiority(estimate(0.0, 1.0), margin=1.0, better="up")


def test_a_reading_gives_back_its_document():
    reading = non_inferiority(estimate(0.0, 1.0), margin=1.0, better="higher")
    assert NonInferiority.from_document(reading.document()) == reading
