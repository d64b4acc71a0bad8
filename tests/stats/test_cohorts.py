"""Cohorts are checked once, and refusals name the unit and the period."""

import numpy as np
import pytest

from stats.cohorts import NEVER, Cohorts, cohorts_of
from stats.errors import EstimationError, PanelError
from tests.stats.build import create_panel

OUTCOMES = np.arange(12.0).reshape(3, 4)
FIRST = np.array([2, NEVER, 3])


def test_starts_never_and_treated_cells_follow_from_the_first_treated_columns():
    cohorts = Cohorts.of(OUTCOMES, FIRST)
    assert cohorts.starts.tolist() == [2, 3]
    assert cohorts.never.tolist() == [False, True, False]
    assert cohorts.treated_cells.sum(axis=1).tolist() == [2, 0, 1]


def test_a_start_after_the_panel_is_never():
    assert Cohorts.of(OUTCOMES, np.array([2, 4, 3])).never.tolist() == [False, True, False]


def test_units_treated_from_the_start_are_refused_or_dropped_by_choice():
    first = np.array([0, NEVER, 3])
    with pytest.raises(PanelError, match="first_treated at unit '0'"):
        Cohorts.of(OUTCOMES, first)
    assert Cohorts.of(OUTCOMES, first, already_treated="drop").rows.tolist() == [1, 2]


def test_a_gap_is_refused_by_unit_and_period_or_drops_the_unit_or_is_kept():
    outcomes = OUTCOMES.copy()
    outcomes[1, 3] = np.nan
    with pytest.raises(PanelError, match="unit 'b', period '2004'"):
        Cohorts.of(outcomes, FIRST, units=["a", "b", "c"], periods=["2001", "2002", "2003", "2004"])
    assert Cohorts.of(outcomes, FIRST, gaps="drop_unit").rows.tolist() == [0, 2]
    assert np.isnan(Cohorts.of(outcomes, FIRST, gaps="keep").outcomes).sum() == 1


def test_dropping_units_renumbers_the_clusters():
    cohorts = Cohorts.of(OUTCOMES, np.array([0, NEVER, 3]), clusters=["x", "z", "y"], already_treated="drop")
    assert cohorts.clusters.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("changes", "argument"),
    [
        ({"outcomes": np.full((3, 4), np.inf)}, "outcomes"),
        ({"outcomes": np.zeros((3, 1))}, "outcomes"),
        ({"outcomes": np.zeros(3)}, "outcomes"),
        ({"first_treated": np.array([2.0, 3.0, 1.0])}, "first_treated"),
        ({"first_treated": np.array([2, 3])}, "first_treated"),
        ({"first_treated": np.array([-1, 2, 3])}, "first_treated"),
        ({"first_treated": np.full(3, NEVER)}, "first_treated"),
        ({"weights": [1.0, 0.0, 1.0]}, "weights"),
        ({"weights": [1.0, 1.0]}, "weights"),
        ({"covariates": np.zeros((2, 1))}, "covariates"),
        ({"covariates": np.full((3, 4, 1), np.nan)}, "covariates"),
        ({"clusters": [1, 2]}, "clusters"),
    ],
)
def test_what_breaks_a_promise_is_refused_by_argument(changes, argument):
    with pytest.raises((EstimationError, PanelError)) as refused:
        Cohorts.of(**{"outcomes": OUTCOMES, "first_treated": FIRST, **changes})
    assert refused.value.argument == argument


def test_a_panel_gives_its_labels_weights_and_covariates():
    panel = create_panel(OUTCOMES, covariates={"x": OUTCOMES}, weights=[1.0, 2.0, 3.0])
    cohorts = cohorts_of(panel, {"u001": "002"}, covariates=("x",), clusters={u: u[-1] for u in panel.units})
    assert cohorts.first_treated.tolist() == [NEVER, 2, NEVER]
    assert cohorts.covariates.shape == (3, 4, 1)
    assert cohorts.weights.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("first", "others", "argument"),
    [
        ({"nobody": "002"}, {}, "first_treated"),
        ({"u001": "later"}, {}, "first_treated"),
        ({"u001": "002"}, {"covariates": ("y",)}, "covariates.y"),
        ({"u001": "002"}, {"clusters": {"u001": "a"}}, "clusters"),
    ],
)
def test_labels_that_the_panel_does_not_know_are_refused(first, others, argument):
    with pytest.raises(PanelError) as refused:
        cohorts_of(create_panel(OUTCOMES), first, **others)
    assert refused.value.argument == argument


@pytest.mark.parametrize("gap", [False, True])
def test_outcomes_that_do_not_vary_are_refused(gap):
    outcomes = np.full((5, 4), 3.0)
    if gap:
        outcomes[0, 1] = np.nan
    with pytest.raises(EstimationError, match="outcomes: do not vary"):
        Cohorts.of(outcomes, np.array([2, NEVER, NEVER, NEVER, NEVER]), gaps="keep")
    outcomes[4, 3] = 4
    assert len(Cohorts.of(outcomes, np.array([2, NEVER, NEVER, NEVER, NEVER]), gaps="keep").rows) == 5


def test_one_cluster_of_all_units_is_refused():
    with pytest.raises(EstimationError, match="clusters: hold one alone"):
        Cohorts.of(OUTCOMES, FIRST, clusters=np.zeros(3))
