import numpy as np
import pytest
from scipy.optimize import minimize

from stats.counterfactuals.constrained import constrained_control
from stats.errors import EstimationError

# A general programme stops within about this of the optimum.
SEARCHED = 2e-4
START = 24


def series(seed=0, donors=5):
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(2, 32)).cumsum(axis=1)
    table = rng.normal(size=(donors, 2)) @ factors + 0.5 * rng.normal(size=(donors, 32)) + 10
    return 1.5 * rng.dirichlet(np.ones(donors)) @ table + 0.5 * rng.normal(size=32), table


def programme(treated, donors, limits, *, halves=False):
    """The same weights by a general programme; halves: w = u - v, both not negative."""
    before = donors[:, :START].T
    table = np.hstack([before, -before]) if halves else before
    shares = any(limit["type"] == "eq" for limit in limits)
    count = table.shape[1]
    found = minimize(
        lambda w: ((treated[:START] - table @ w) ** 2).sum() / 100,
        np.full(count, 1 / count if shares else 0.05),
        jac=lambda w: -2 * table.T @ (treated[:START] - table @ w) / 100,
        bounds=[(0, None)] * count if halves or shares else None,
        constraints=limits,
        method="SLSQP",
        options={"maxiter": 1000, "ftol": 1e-15},
    ).x
    return found[: count // 2] - found[count // 2 :] if halves else found


SUM_ONE = {"type": "eq", "fun": lambda w: w.sum() - 1}


def no_longer(size):
    return {"type": "ineq", "fun": lambda w: size**2 - w @ w}


@pytest.mark.parametrize("seed", [0, 1])
def test_weights_are_those_of_a_general_programme(seed):
    treated, donors = series(seed)
    wanted = {
        ("simplex", None): programme(treated, donors, [SUM_ONE]),
        ("lasso", 0.8): programme(
            treated, donors, [{"type": "ineq", "fun": lambda w: 0.8 - w.sum()}], halves=True
        ),
        ("ridge", 0.6): programme(treated, donors, [no_longer(0.6)]),
        ("l1_l2", 0.48): programme(treated, donors, [SUM_ONE, no_longer(0.48)]),
    }
    for (constraint, size), weights in wanted.items():
        found = constrained_control(treated, donors, START, constraint=constraint, size=size)
        assert found.weights == pytest.approx(weights, abs=SEARCHED), constraint


def test_least_squares_has_no_slope_left():
    treated, donors = series()
    found = constrained_control(treated, donors, START, constraint="ols")
    assert donors[:, :START] @ found.gaps[:START] == pytest.approx(0, abs=1e-9)
    assert found.effect == pytest.approx((treated - found.weights @ donors)[START:].mean())


@pytest.mark.parametrize("constraint", ["lasso", "ridge", "l1_l2"])
def test_a_bound_that_does_not_bind_gives_what_it_bounds(constraint):
    treated, donors = series()
    found = constrained_control(treated, donors, START, constraint=constraint, size=5.0)
    plain = "simplex" if constraint == "l1_l2" else "ols"
    wanted = constrained_control(treated, donors, START, constraint=plain).weights
    assert found.weights == pytest.approx(wanted, abs=1e-8)


@pytest.mark.parametrize("donors", [3, 20, 40])
@pytest.mark.parametrize("constraint", ["ridge", "l1_l2"])
def test_the_default_length_knows_no_unit_and_is_kept(donors, constraint):
    treated, table = series(2, donors)
    found = constrained_control(treated, table, START, constraint=constraint)
    scaled = constrained_control(1e3 * treated, 1e3 * table, START, constraint=constraint)
    assert scaled.size == pytest.approx(found.size)
    assert scaled.weights == pytest.approx(found.weights, abs=1e-7)
    assert found.size >= 0.5
    assert np.linalg.norm(found.weights) <= found.size * (1 + 1e-9)


def test_the_shortest_shares_are_equal():
    treated, donors = series()
    found = constrained_control(treated, donors, START, constraint="l1_l2", size=1 / np.sqrt(5))
    assert found.weights == pytest.approx(np.full(5, 0.2))


@pytest.mark.parametrize(
    ("constraint", "size", "argument"),
    [("simplex", 1.0, "size"), ("ridge", 0.0, "size"), ("l1_l2", 0.4, "size"), ("lasso", -1.0, "size")],
)
def test_sizes_that_are_none_are_refused(constraint, size, argument):
    with pytest.raises(EstimationError) as refused:
        constrained_control(*series(), START, constraint=constraint, size=size)
    assert refused.value.argument == argument


def test_least_squares_with_a_donor_too_many_is_refused():
    treated, donors = series()
    with pytest.raises(EstimationError, match="alike"):
        constrained_control(treated, np.vstack([donors, donors[0] + donors[1]]), START, constraint="ols")
    with pytest.raises(EstimationError, match="10 periods"):
        constrained_control(treated, donors, 5, constraint="ols")
