import numpy as np
import pytest

from stats.design import Predictor
from stats.errors import PanelError
from stats.missing import sample
from tests.stats.build import create_design, create_panel, noise


def with_gaps(*places, units=4, periods=5):
    values = noise(units, periods)
    for place in places:
        values[place] = np.nan
    return create_panel(values)


def test_refuse_names_the_first_missing_cell():
    with pytest.raises(PanelError, match="outcomes at unit 'u002', period '001'"):
        sample(with_gaps((2, 1)), create_design())


def test_drop_unit_leaves_out_units_with_a_gap_and_says_which():
    cells = sample(with_gaps((2, 1)), create_design(missing="drop_unit"))
    assert cells.controls == ("u001", "u003")
    assert cells.dropped_units == ("u002",)


def test_drop_period_leaves_out_periods_with_a_gap_and_says_which():
    cells = sample(with_gaps((2, 1)), create_design(missing="drop_period"))
    assert cells.panel.periods == ("000", "002", "003", "004")
    assert cells.dropped_periods == ("001",)
    assert cells.starts == (1,)


def test_a_start_that_is_dropped_moves_to_the_next_period_kept():
    cells = sample(with_gaps((2, 2)), create_design(missing="drop_period"))
    assert cells.panel.periods[cells.starts[0]] == "003"


def test_available_keeps_every_cell_there_is():
    cells = sample(with_gaps((2, 1)), create_design(missing="available"))
    assert np.isnan(cells.panel.outcomes).sum() == 1
    assert cells.dropped_units == ()


def test_available_leaves_out_units_that_say_nothing():
    one_cell = [(3, period) for period in range(4)]
    cells = sample(with_gaps(*one_cell), create_design(missing="available"))
    assert cells.dropped_units == ("u003",)


def test_coverage_is_measured_before_anything_is_dropped():
    cells = sample(with_gaps((2, 1)), create_design(missing="drop_unit"))
    assert cells.coverage == 19 / 20


@pytest.mark.parametrize(
    ("gaps", "policy", "told"),
    [
        ([(0, 1)], "drop_unit", "leaves no treated units"),
        ([(1, 1), (2, 1), (3, 1)], "drop_unit", "leaves no controls"),
        ([(unit, 1) for unit in range(4)], "drop_unit", "leaves no unit"),
        ([(2, 0), (2, 1)], "drop_period", "leaves no period before the start"),
        ([(2, 2), (2, 3), (2, 4)], "drop_period", "leaves no period after the start"),
        ([(2, period) for period in range(5)], "drop_period", "leaves no period"),
        ([(0, 0), (0, 1)], "available", "leaves no treated units"),
    ],
)
def test_a_policy_that_leaves_too_little_is_refused(gaps, policy, told):
    with pytest.raises(PanelError, match=told):
        sample(with_gaps(*gaps), create_design(missing=policy))


def test_covariates_are_needed_only_where_predictors_look():
    rain = np.ones((4, 5))
    rain[3, 0] = np.nan
    panel = create_panel(noise(4, 5), covariates={"rain": rain})
    design = create_design(method="synthetic_control", predictors=(Predictor("rain", ("001",)),))
    assert sample(panel, design).controls == ("u001", "u002", "u003")
    design = create_design(method="synthetic_control", predictors=(Predictor("rain", ("000", "001")),))
    with pytest.raises(PanelError, match=r"covariates\.rain at unit 'u003', period '000'"):
        sample(panel, design)


def test_a_predictor_whose_period_is_dropped_is_refused():
    design = create_design(
        method="synthetic_control", missing="drop_period", predictors=(Predictor("outcome", ("001",)),)
    )
    with pytest.raises(PanelError, match="'001'"):
        sample(with_gaps((2, 1)), design)


def test_units_outside_the_design_do_not_matter():
    cells = sample(with_gaps((4, 1), units=5), create_design(units=4))
    assert cells.panel.units == ("u000", "u001", "u002", "u003")
