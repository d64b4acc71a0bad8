import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.errors import EstimationError
from stats.synthetic_control.predictor_weights import Nested, predictor_weights
from stats.synthetic_control.synthetic import fit_mix
from tests.stats.build import noise, rows

# Central differences of a function with values near one.
SLOPE = 1e-5


def example(seed=0, units=9, count=3):
    rng = np.random.default_rng(seed)
    outcomes = noise(units, 10, seed=seed, persistence=0.7)
    predictors = outcomes[:, [0, 5, 9]][:, :count] + 0.3 * rng.normal(size=(units, count))
    return predictors[0], predictors[1:], outcomes[0], outcomes[1:]


@given(st.integers(0, 300))
@settings(max_examples=25)
def test_the_slope_is_that_of_the_loss(seed):
    treated, donors, own, others = example(seed)
    problem = Nested.of((donors - treated).T, (others - own).T)
    at = np.random.default_rng(seed).normal(size=3)
    loss, slope = problem.loss_and_slope(at)
    assert loss == pytest.approx(problem.loss(at))
    used = np.flatnonzero(slope)
    for index in used:
        step = 1e-6 * np.eye(3)[index]
        sides = [problem.loss_and_slope(at + sign * step) for sign in (1, -1)]
        # At a kink the slopes on its sides differ and neither is the mean.
        if max(np.abs(side_slope - slope).max() for _, side_slope in sides) < SLOPE:
            assert (sides[0][0] - sides[1][0]) / 2e-6 == pytest.approx(slope[index], abs=SLOPE)


def test_no_weights_of_a_fine_grid_follow_the_outcomes_more_closely():
    treated, donors, own, others = example(2, count=2)
    found = predictor_weights(treated, donors, own, others)
    for share in np.linspace(0.001, 0.999, 200):
        given_weights = predictor_weights(
            treated, donors, own, others, importance=np.array([share, 1 - share])
        )
        assert found.loss <= given_weights.loss * (1 + 1e-6)
    assert found.importance.sum() == pytest.approx(1.0)


def test_weights_that_are_given_are_kept_and_only_their_ratios_count():
    left = predictor_weights(*example(), importance=np.array([1.0, 2.0, 1.0]))
    right = predictor_weights(*example(), importance=np.array([10.0, 20.0, 10.0]))
    assert left.importance == pytest.approx([0.25, 0.5, 0.25])
    np.testing.assert_array_equal(left.weights, right.weights)
    assert (left.descents, left.confirmed) == (0, 0)


def test_it_is_told_how_many_descents_found_the_weights():
    found = predictor_weights(*example())
    assert 1 <= found.confirmed <= found.descents
    # With one predictor there is nothing to choose.
    alone = predictor_weights(*example(count=1))
    assert (alone.descents, alone.confirmed) == (1, 1)
    assert alone.importance == pytest.approx([1.0])


@pytest.mark.parametrize(
    "importance", [[1.0, 1.0], [1.0, -1.0, 1.0], [0.0, 0.0, 0.0], [1.0, np.nan, 1.0], [1.0, np.inf, 1.0]]
)
def test_importance_that_is_none_is_refused(importance):
    with pytest.raises(EstimationError, match="importance"):
        predictor_weights(*example(), importance=np.array(importance))


@given(st.permutations(range(8)))
@settings(max_examples=5)
def test_the_order_of_donors_does_not_matter(order):
    treated, donors, own, others = example()
    plain = predictor_weights(treated, donors, own, others)
    shuffled = predictor_weights(treated, donors[list(order)], own, others[list(order)])
    np.testing.assert_allclose(shuffled.weights, plain.weights[list(order)], atol=1e-3)
    assert shuffled.loss == pytest.approx(plain.loss, rel=1e-4)


SCHOOLING = ("school.illit", "school.prim", "school.med", "school.high", "school.post.high")
SECTORS = ("agriculture", "energy", "industry", "construction", "services.venta", "services.nonventa")


def basque():
    """Units, outcomes (1955 to 1997) and the thirteen predictors of Abadie and Gardeazabal (2003)."""
    table = [row for row in rows("basque") if "Spain" not in row["regionname"]]
    units = sorted({row["regionname"] for row in table})
    outcomes = np.zeros((len(units), 43))
    for row in table:
        outcomes[units.index(row["regionname"]), int(row["year"]) - 1955] = float(row["gdpcap"])

    def mean(name, years):
        values = {unit: [] for unit in units}
        for row in table:
            if int(row["year"]) in years and row[name] not in ("", "NA"):
                values[row["regionname"]].append(float(row[name]))
        return np.array([np.mean(values[unit]) for unit in units])

    sixties = range(1964, 1970)
    schooling = np.array([mean(name, sixties) for name in SCHOOLING])
    shares = 100 * schooling / schooling.sum(axis=0)
    sectors = [mean(f"sec.{name}", range(1961, 1970, 2)) for name in SECTORS]
    predictors = np.array(
        [
            *shares[:3],
            shares[3:].sum(axis=0),
            mean("invest", sixties),
            mean("gdpcap", range(1960, 1970)),
            *sectors,
            mean("popdens", [1969]),
        ]
    ).T
    return units, outcomes, predictors


def test_the_basque_country_on_the_published_predictors_is_as_published():
    """Abadie, Diamond and Hainmueller (2011), with R's Synth: Cataluna 0.851, Madrid 0.149, loss 0.00886."""
    units, outcomes, predictors = basque()
    row = units.index("Basque Country (Pais Vasco)")
    fit = fit_mix(outcomes, 15, row=row, predictors=predictors, matched=slice(5, 15))
    shares = dict(zip(np.delete(units, row), fit.weights, strict=True))
    assert shares["Cataluna"] == pytest.approx(0.851, abs=1e-3)
    assert shares["Madrid (Comunidad De)"] == pytest.approx(0.149, abs=1e-3)
    assert fit.predicted.loss <= 0.008865
    assert fit.predicted.confirmed > 1
