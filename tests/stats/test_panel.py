import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.errors import PanelError
from stats.panel import Panel
from tests.stats.build import create_panel, labels

GOOD = {"outcomes": [[1.0, 2.0], [3.0, 4.0]], "units": ("a", "b"), "periods": ("1", "2")}


@pytest.mark.parametrize(
    ("change", "argument", "told"),
    [
        ({"units": ()}, "units", "non-empty"),
        ({"units": ("a", "a")}, "units", "'a' stands twice"),
        ({"periods": ("1", " ")}, "periods", "non-blank"),
        ({"units": ("a", 3)}, "units", "3"),
        ({"units": "ab"}, "units", "sequence"),
        ({"outcomes": [[1.0, 2.0]]}, "outcomes", "shape (1, 2)"),
        ({"outcomes": [["x", 2.0], [3.0, 4.0]]}, "outcomes", "numeric"),
        ({"outcomes": [[np.nan] * 2] * 2}, "outcomes", "no reading"),
        ({"covariates": {"rain": [[1.0, 2.0]]}}, "covariates.rain", "shape"),
        ({"covariates": {"outcome": [[1.0, 2.0]] * 2}}, "covariates", "reserved"),
        ({"weights": [1.0]}, "weights", "shape"),
    ],
)
def test_a_malformed_panel_is_refused_by_argument(change, argument, told):
    with pytest.raises(PanelError) as caught:
        Panel(**{**GOOD, **change})
    assert caught.value.argument == argument
    assert told in str(caught.value)


def test_an_infinity_is_refused_with_its_unit_and_period():
    with pytest.raises(PanelError) as caught:
        Panel(**{**GOOD, "outcomes": [[1.0, 2.0], [3.0, -np.inf]]})
    assert (caught.value.unit, caught.value.period) == ("b", "2")


@pytest.mark.parametrize("weight", [0.0, -1.0, np.nan, np.inf])
def test_a_weight_that_is_not_positive_and_finite_is_refused_with_its_unit(weight):
    with pytest.raises(PanelError, match="'b'"):
        Panel(**GOOD, weights=np.array([1.0, weight]))


def test_cells_come_in_any_order_and_absent_ones_are_missing():
    panel = Panel.from_cells([("b", "2020", 4.0), ("a", "2021", 2.0), ("a", "2020", 1.0)])
    assert (panel.units, panel.periods) == (("a", "b"), ("2020", "2021"))
    np.testing.assert_array_equal(panel.outcomes, [[1.0, 2.0], [4.0, np.nan]])


def test_a_cell_named_twice_is_refused_also_when_the_values_agree():
    with pytest.raises(PanelError, match="unit 'a', period '1': the cell stands twice"):
        Panel.from_cells([("a", "1", 1.0), ("a", "1", 1.0)])


def test_a_cell_outside_the_named_labels_is_refused():
    with pytest.raises(PanelError, match="unit 'c'"):
        Panel.from_cells([("c", "1", 1.0)], units=("a",), periods=("1",))


def test_weights_must_name_exactly_the_units():
    with pytest.raises(PanelError, match="unit 'z'"):
        Panel.from_cells([("a", "1", 1.0)], weights={"a": 1.0, "z": 1.0})


def test_a_panel_is_a_copy_that_cannot_be_written():
    outcomes = np.ones((2, 2))
    panel = Panel(outcomes, ("a", "b"), ("1", "2"))
    outcomes[0, 0] = 5.0
    assert panel.outcomes[0, 0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        panel.outcomes[0, 0] = 5.0


def test_rows_and_columns_cut_outcomes_covariates_and_weights_alike():
    values = np.arange(6.0).reshape(3, 2)
    panel = create_panel(values, covariates={"rain": -values}, weights=np.array([1.0, 2.0, 3.0]))
    cut = panel.rows(("u002", "u000")).columns(("001",))
    np.testing.assert_array_equal(cut.outcomes, [[5.0], [1.0]])
    np.testing.assert_array_equal(cut.covariates["rain"], [[-5.0], [-1.0]])
    np.testing.assert_array_equal(cut.weights, [3.0, 1.0])


def test_rows_names_the_unit_that_is_not_there():
    with pytest.raises(PanelError, match="'nobody'"):
        create_panel(np.ones((2, 2))).rows(("nobody",))


@given(st.permutations(range(4)))
def test_the_digest_does_not_depend_on_the_order_of_units(order):
    values = np.arange(12.0).reshape(4, 3)
    values[2, 1] = np.nan
    panel = create_panel(values, covariates={"rain": values + 1}, weights=np.arange(1.0, 5.0))
    assert panel.rows([panel.units[row] for row in order]).digest() == panel.digest()


@pytest.mark.parametrize(
    "other",
    [
        create_panel([[1.0, 2.0], [3.0, 5.0]]),
        create_panel([[1.0, 2.0], [3.0, np.nan]]),
        create_panel([[1.0, 2.0], [3.0, 4.0]], weights=np.ones(2)),
        create_panel([[1.0, 2.0], [3.0, 4.0]], covariates={"rain": np.ones((2, 2))}),
        Panel(np.array([[2.0, 1.0], [4.0, 3.0]]), labels("u", 2), ("001", "000")),
    ],
    ids=["value", "gap", "weights", "covariate", "order of periods"],
)
def test_the_digest_changes_with_the_content(other):
    assert other.digest() != create_panel([[1.0, 2.0], [3.0, 4.0]]).digest()


def test_the_digest_knows_one_zero_and_one_nan():
    other_nan = np.array([0x7FF8000000000123], dtype=np.uint64).view(np.float64)[0]
    left = create_panel([[0.0, np.nan], [1.0, 2.0]])
    right = create_panel([[-0.0, other_nan], [1.0, 2.0]])
    assert left.digest() == right.digest()


def test_the_digest_of_a_known_panel_stays_what_it_is():
    panel = Panel.from_cells([("a", "2020", 1.0), ("b", "2021", 2.5)])
    assert panel.digest() == "2eea2d5a74cb6fdc542e779782178f8cf36ee462856926918e040cdca16ae61c"


def test_a_panel_travels_to_another_process():
    panel = create_panel([[1.0, np.nan], [3.0, 4.0]])
    assert pickle.loads(pickle.dumps(panel)).digest() == panel.digest()  # noqa: S301


@pytest.mark.parametrize("cells", [[("a", "p", "x")], [("a", "p")], [(1, "p", 2.0)], [3]])
def test_cells_that_are_no_triples_of_labels_and_a_number_are_refused_by_name(cells):
    with pytest.raises(PanelError) as refused:
        Panel.from_cells(cells)
    assert refused.value.argument == "cells"
