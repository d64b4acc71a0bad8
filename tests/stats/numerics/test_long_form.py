import subprocess
import sys

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from stats.errors import EstimationError
from stats.numerics import absorb
from stats.numerics.long_form import long_form
from stats.numerics.sandwich import SmallSample
from tests.stats.build import case, rows

# Two exact methods on well-conditioned data differ by rounding only.
EXACT = 1e-9
seeds = st.integers(0, 1000)


def castle(*, left_out=None):
    kept = [row for number, row in enumerate(rows("castle_panel")) if number % 9 != left_out]
    y = [float(row["l_homicide"]) for row in kept]
    x = [float(int(row["year"]) >= int(row["g"])) for row in kept]
    state, year = [row["sid"] for row in kept], [int(row["year"]) for row in kept]
    return y, x, state, year, [float(row["popwt"]) for row in kept]


def example(seed, effects=2, size=60):
    """Rows in no order, some levels rare; codes, regressors, outcome."""
    rng = np.random.default_rng(seed)
    codes = [rng.integers(0, levels, size) for levels in (9, 5, 4)[:effects]]
    x = rng.normal(size=(size, 2)) + codes[0][:, None]
    return codes, x, rng.normal(size=size) + x[:, 0], rng.uniform(0.5, 2, size)


def dummies(codes):
    return np.hstack([(each[:, None] == np.unique(each)).astype(float) for each in codes])


@given(seeds, st.sampled_from([1, 2, 3]), st.booleans())
def test_coefficients_are_those_of_a_regression_on_dummies(seed, effects, weighted):
    codes, x, y, w = example(seed, effects)
    root = np.sqrt(w if weighted else np.ones(len(y)))[:, None]
    columns = np.hstack([x, dummies(codes)])
    fit = np.linalg.lstsq(columns * root, y * root[:, 0], rcond=None)[0]
    ours = long_form(y, x, codes, weights=w if weighted else None)
    np.testing.assert_allclose(ours.coefficients.values, fit[:2], atol=EXACT)
    np.testing.assert_allclose(ours.residuals, (y - columns @ fit)[ours.rows], atol=EXACT)


@pytest.mark.parametrize("weighted", [False, True])
def test_large_effects_are_swept_to_the_same_residuals(monkeypatch, weighted):
    codes, x, y, w = example(3)
    direct = long_form(y, x, codes, weights=w if weighted else None).coefficients
    monkeypatch.setattr(absorb, "MOST_DIRECT", 1)
    swept = long_form(y, x, codes, weights=w if weighted else None).coefficients
    np.testing.assert_allclose(swept.values, direct.values, atol=EXACT)
    np.testing.assert_allclose(swept.covariance, direct.covariance, atol=EXACT)


def test_sparse_tables_of_two_effects_give_the_same(monkeypatch):
    codes, x, y, _ = example(4)
    filled = long_form(y, x, codes).coefficients
    monkeypatch.setattr(absorb, "DENSE_FILL", 10.0)
    np.testing.assert_allclose(long_form(y, x, codes).coefficients.values, filled.values, atol=EXACT)


def test_groups_that_nothing_links_have_effects_of_their_own():
    rng = np.random.default_rng(0)
    one = np.repeat([0, 1, 2, 3], 15)
    other = np.where(one < 2, rng.integers(0, 3, 60), rng.integers(3, 6, 60))
    x, y = rng.normal(size=60), rng.normal(size=60)
    columns = np.hstack([x[:, None], dummies([one, other])])
    fit = np.linalg.lstsq(columns, y, rcond=None)[0]
    assert long_form(y, x, [one, other]).coefficients.values[0] == pytest.approx(fit[0], abs=EXACT)


def test_errors_without_effects_are_those_of_statsmodels():
    codes, x, y, _ = example(1)
    columns = np.column_stack([np.ones(len(y)), x])
    model = sm.OLS(y, columns)
    for kind, theirs in (
        ("iid", model.fit()),
        ("hc1", model.fit(cov_type="HC1")),
        ("hc2", model.fit(cov_type="HC2")),
        ("hc3", model.fit(cov_type="HC3")),
        ("cluster", model.fit(cov_type="cluster", cov_kwds={"groups": codes[0]})),
    ):
        clusters = codes[0] if kind == "cluster" else None
        ours = long_form(y, columns, errors=kind, clusters=clusters).coefficients
        np.testing.assert_allclose(ours.covariance, theirs.cov_params(), atol=EXACT)


CASTLE = {
    "weighted": {"weights": True},
    "iid": {"errors": "iid"},
    "hetero": {"errors": "hc1"},
    "two_way_clusters": {"clusters": ("state", "year")},
    "conventional": {"clusters": ("state", "year"), "small_sample": SmallSample(several="conventional")},
    "full": {"small_sample": SmallSample(fixed_effects="full")},
    "none": {"small_sample": SmallSample(parameters=False, groups=False)},
    "unbalanced": {"left_out": 4},
    "unbalanced_weighted": {"left_out": 4, "weights": True},
}


@pytest.mark.parametrize("name", CASTLE)
def test_castle_doctrine_is_as_other_software_has_it(name):
    options = dict(CASTLE[name])
    y, x, state, year, population = castle(left_out=options.pop("left_out", None))
    labels = {"state": state, "year": year}
    chosen = options.pop("clusters", ("state",) if options.get("errors") is None else ())
    clusters = [labels[each] for each in chosen] or None
    weights = population if options.pop("weights", False) else None
    ours = long_form(y, x, [state, year], weights=weights, clusters=clusters, **options).coefficients
    expected = case(f"twfe_castle_{name}")["expected"]
    found = {"twfe": ours.values[0], "se": ours.errors[0], "p": ours.inference("x0").p_value}
    # The peer's own demeaning stops at 1e-8 or so.
    assert found == pytest.approx({key: expected[key] for key in found}, rel=1e-6)


def test_three_effects_are_as_other_software_has_them():
    table = rows("base_stagg")
    third = [f"{row['year_treated']}-{int(row['year']) % 2}" for row in table]
    ours = long_form(
        [float(row["y"]) for row in table],
        [float(row["x1"]) for row in table],
        [[row[name] for row in table] for name in ("id", "year")] + [third],
        clusters=[row["id"] for row in table],
    ).coefficients
    expected = case("three_effects")["expected"]
    assert ours.values[0] == pytest.approx(expected["twfe"], rel=1e-7)
    assert ours.errors[0] == pytest.approx(expected["se"], rel=1e-6)


@given(seeds, st.booleans())
def test_the_order_of_rows_does_not_matter(seed, balanced):
    rng = np.random.default_rng(seed)
    if balanced:
        codes = list(np.indices((10, 6)).reshape(2, -1))
        x, y = rng.normal(size=(60, 2)), rng.normal(size=60)
    else:
        codes, x, y, _ = example(seed)
    order = rng.permutation(len(y))
    plain = long_form(y, x, codes, clusters=codes[0])
    other = long_form(y[order], x[order], [each[order] for each in codes], clusters=codes[0][order])
    np.testing.assert_allclose(other.coefficients.values, plain.coefficients.values, atol=EXACT)
    np.testing.assert_allclose(other.coefficients.covariance, plain.coefficients.covariance, atol=EXACT)


@given(seeds, st.sampled_from([1e-8, 1e3, 1e10]), st.sampled_from([0.0, 1e4]))
def test_units_of_measurement_do_not_matter(seed, scale, shift):
    codes, x, y, _ = example(seed)
    plain = long_form(y, x, codes).coefficients
    other = long_form(y, x * [scale, 1] + [0, shift], codes).coefficients
    np.testing.assert_allclose(other.values * [scale, 1], plain.values, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(other.errors * [scale, 1], plain.errors, rtol=1e-6)


def test_whole_weights_count_rows_as_that_many_copies():
    codes, x, y, _ = example(2)
    copies = np.random.default_rng(0).integers(1, 4, len(y))
    many = [np.repeat(each, copies) for each in codes]
    ours = long_form(y, x, codes, weights=copies, clusters=codes[0]).coefficients
    theirs = long_form(
        np.repeat(y, copies), np.repeat(x, copies, axis=0), many, clusters=many[0]
    ).coefficients
    np.testing.assert_allclose(ours.values, theirs.values, atol=EXACT)


def test_rows_that_alone_have_a_level_are_left_out_again_and_again():
    # The last unit is alone; without it the last period is.
    unit, period = np.array([0, 0, 0, 1, 1, 1, 2]), np.array([0, 1, 2, 0, 1, 2, 3])
    unit, period = np.append(unit, 1), np.append(period, 3)
    y, x = np.random.default_rng(0).normal(size=(2, 8))
    kept = long_form(y, x, [unit, period], singletons="drop")
    assert kept.rows.tolist() == [0, 1, 2, 3, 4, 5]
    all_rows = long_form(y, x, [unit, period])
    assert all_rows.coefficients.values == pytest.approx(kept.coefficients.values, abs=EXACT)


def test_collinear_regressors_are_refused_by_name_or_dropped():
    codes, x, y, _ = example(5)
    wide = np.column_stack([x, x[:, 0] - x[:, 1], codes[0]])
    names = ["a", "b", "c", "d"]
    with pytest.raises(EstimationError, match=r"regressors\.c"):
        long_form(y, wide, codes, names=names)
    dropped = long_form(y, wide, codes, names=names, collinear="drop")
    assert dropped.dropped == ("c", "d")
    np.testing.assert_allclose(
        dropped.coefficients.values, long_form(y, x, codes).coefficients.values, atol=EXACT
    )


def test_nearly_collinear_regressors_are_right_to_many_digits():
    rng = np.random.default_rng(0)
    one, noise = rng.normal(size=(2, 300))
    unit = np.arange(300) // 10
    other = one + 1e-4 * noise
    y = one + other + np.arange(300) % 7
    ours = long_form(y, np.column_stack([one, other]), [unit]).coefficients.values
    columns = np.hstack([one[:, None], 1e4 * (other - one)[:, None], dummies([unit])])
    fit = np.linalg.lstsq(columns, y, rcond=None)[0]
    assert ours == pytest.approx([fit[0] - 1e4 * fit[1], 1e4 * fit[1]], rel=1e-7)


@pytest.mark.parametrize("kind", ["hc2", "hc3"])
def test_leverage_counts_an_absorbed_effect_and_the_weights(kind):
    codes, x, y, w = example(2)
    dummies = (codes[0][:, None] == np.unique(codes[0])).astype(float)
    theirs = sm.WLS(y, np.column_stack([x, dummies]), weights=w).fit(cov_type=kind.upper())
    ours = long_form(y, x, codes[:1], weights=w, errors=kind).coefficients
    k = x.shape[1]
    np.testing.assert_allclose(ours.covariance, theirs.cov_params()[:k, :k], atol=EXACT)


def bad(**changed):
    codes, x, y, w = example(0)
    return {"outcome": y, "regressors": x, "effects": codes, "weights": w, **changed}


@pytest.mark.parametrize(
    ("argument", "changed"),
    [
        ("outcome", {"outcome": np.append(example(0)[2][:-1], np.nan)}),
        ("outcome", {"outcome": np.ones(60)}),
        ("regressors", {"regressors": np.full((60, 1), np.inf)}),
        ("regressors", {"regressors": np.ones((59, 1))}),
        ("weights", {"weights": np.zeros(60)}),
        ("names", {"names": ["a", "a"]}),
        ("effects", {"effects": [np.arange(59)]}),
        ("effects", {"effects": [np.linspace(0, 1, 60)]}),
        ("effects", {"effects": [np.arange(60)], "singletons": "drop"}),
        ("regressors", {"effects": [np.arange(60) // 2, np.arange(60) % 31]}),
        ("clusters", {"clusters": np.zeros(60, dtype=int)}),
        ("clusters", {"clusters": np.arange(60), "errors": "iid"}),
        ("clusters", {"errors": "cluster"}),
        ("errors", {"errors": "hc2"}),
        ("errors", {"errors": "hc3", "effects": [np.arange(60) == 0]}),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_argument(argument, changed):
    with pytest.raises(EstimationError) as refused:
        long_form(**bad(**changed))
    assert refused.value.argument.startswith(argument)


def test_an_outcome_that_is_fitted_exactly_has_no_inference():
    codes, x, _, _ = example(0)
    result = long_form(x[:, 0] * 2 + codes[0], x, codes, clusters=codes[0]).coefficients
    assert result.inference("x0").p_value.reason_code == "no_variation"


def test_the_number_of_threads_changes_no_bit():
    code = """
import numpy as np
from stats.numerics.long_form import long_form
rng = np.random.default_rng(0)
unit, period = np.repeat(np.arange(4000), 10), np.tile(np.arange(10), 4000)
keep = rng.random(40000) < 0.9
y, x = rng.normal(size=40000), rng.normal(size=(40000, 3))
found = long_form(y[keep], x[keep], [unit[keep], period[keep]], clusters=unit[keep]).coefficients
print(found.values.tobytes().hex(), found.covariance.tobytes().hex())
"""
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"OPENBLAS_NUM_THREADS": threads, "PYTHONPATH": "."},
        ).stdout
        for threads in ("1", "2", "4")
    }
    assert len(printed) == 1
