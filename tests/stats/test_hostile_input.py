"""What no estimator may do with hostile input: answer wrongly, warn, or fail with anything but a refusal."""

import importlib
import inspect
import pkgutil
import typing
from functools import cache

import numpy as np
import pandas as pd
import pytest

import stats
from stats.errors import StatisticsError
from tests.stats.hostile.differences import DIFFERENCES
from tests.stats.hostile.judgement import JUDGEMENT
from tests.stats.hostile.specimen import PERIODS
from tests.stats.hostile.synthetic import SYNTHETIC

SPECIMENS = (*DIFFERENCES, *SYNTHETIC, *JUDGEMENT)
EVERY = pytest.mark.parametrize("specimen", SPECIMENS, ids=lambda specimen: specimen.name)
SCALED = pytest.mark.parametrize(
    "specimen", [each for each in SPECIMENS if each.answer], ids=lambda specimen: specimen.name
)
EXACT = 1e-6
"""Of an answer under another unit: estimators that iterate stop at tolerances of this order."""
SHIFTED = 1e-4
"""Of an answer at a level of 1e8: seven digits of the outcomes are left."""

LABELS = {"clusters", "pairs", "area", "group", "period", "labels"}
GAPS = {"missing_asymmetry", "deseasoned", "stepped_wedge"} | {
    "placebo_dates",
    "leave_one_control_out",
    "leave_one_period_out",
    "without_anticipation",
    "spill_over",
}
"""These take missing outcomes, or hand them to the analysis that they are given."""


def arrays_of(specimen):
    return [name for name, value in specimen.made.items() if isinstance(value, np.ndarray)]


def with_one(values, odd):
    changed = values.astype(float)
    changed.flat[changed.size // 2] = odd
    return changed


def never_numbers(values):
    """What is no table of numbers at all."""
    return {
        "nothing": values[:0],
        "text": np.full(values.shape, "x"),
        "words": "words",
        "None": np.full(values.shape, None),
        "ragged": [[1.0], [1.0, 2.0]],
        "mapping": {"a": 1},
        "complex": values + 1j,
        "dates": np.full(values.shape, np.datetime64("2026-01-01")),
    }


def never_finite(values):
    return {str(odd): with_one(values, odd) for odd in (np.nan, np.inf, -np.inf)}


def doubtful(values):
    """What some estimators take and others refuse."""
    return {
        "zero": np.zeros_like(values),
        "same": np.full(values.shape, values.flat[0]),
        "negative": ~values if values.dtype == bool else -values,
        "short": values[:-1],
        "one": values[:1],
        "flat": values.ravel()[:3] if values.ndim > 1 else values[:, None],
        "deep": values[None],
        "scalar": 1.0,
    }


def same_numbers(values):
    """The same numbers in other clothes."""
    clothes = {"list": values.tolist(), "strided": np.repeat(values, 2, axis=0)[::2]}
    if values.ndim <= 2:
        clothes["pandas"] = (pd.Series if values.ndim == 1 else pd.DataFrame)(values)
    return clothes


def answered(specimen, **changed):
    """The answer (0 where the specimen has none), or None where it is refused or a reason stands for it."""
    try:
        found = specimen.run(**changed)
    except StatisticsError:
        return None
    answer = specimen.answer(found) if specimen.answer else 0.0
    return None if answer is None else float(answer)


@cache
def plainly(specimen):
    """The answer to the valid input, computed once."""
    return answered(specimen)


@EVERY
def test_what_is_no_table_of_numbers_is_refused(specimen):
    for name in arrays_of(specimen):
        value = specimen.made[name]
        bad = never_numbers(value)
        if name in LABELS - {"labels"}:
            bad = {kind: bad[kind] for kind in ("nothing", "words", "None", "ragged", "mapping", "complex")}
        for kind, values in bad.items():
            assert answered(specimen, **{name: values}) is None, (name, kind)


@EVERY
def test_numbers_that_are_not_finite_are_refused_where_they_are_no_gaps(specimen):
    for name in arrays_of(specimen):
        for kind, values in never_finite(specimen.made[name]).items():
            if kind == "nan" and name == "outcomes" and specimen.estimator.__name__ in GAPS:
                continue
            assert answered(specimen, **{name: values}) is None, (name, kind)


@EVERY
def test_a_doubtful_input_gives_a_number_or_a_refusal(specimen):
    for name in arrays_of(specimen):
        for kind, values in doubtful(specimen.made[name]).items():
            found = answered(specimen, **{name: values})
            assert found is None or not np.isnan(found), (name, kind)


@SCALED
def test_outcomes_that_do_not_vary_are_refused(specimen):
    same = {name: np.full(specimen.made[name].shape, 3.0) for name in specimen.outcome}
    assert answered(specimen, **same) is None


@EVERY
def test_lists_and_pandas_give_what_arrays_give(specimen):
    plain = plainly(specimen)
    assert plain is not None
    for name in arrays_of(specimen):
        for kind, values in same_numbers(specimen.made[name]).items():
            assert answered(specimen, **{name: values}) == pytest.approx(plain, rel=1e-9), (name, kind)


@SCALED
@pytest.mark.parametrize("factor", [1e8, 1e-8, 1e100, 1e-100, 1e200, 1e-200])
def test_another_unit_of_the_outcome_gives_the_same_answer_in_it_or_a_refusal(specimen, factor):
    plain = plainly(specimen)
    found = answered(specimen, **{name: specimen.made[name] * factor for name in specimen.outcome})
    assert found is None or found / factor == pytest.approx(plain, rel=EXACT, abs=EXACT)
    if 1e-10 < factor < 1e10:
        assert found is not None


@SCALED
def test_a_level_far_above_the_variation_does_not_move_the_answer(specimen):
    if not specimen.shifts:
        return
    found = answered(specimen, **{name: specimen.made[name] + 1e8 for name in specimen.outcome})
    assert found is None or found == pytest.approx(plainly(specimen), abs=SHIFTED)


@pytest.mark.parametrize(
    "specimen",
    [each for each in SPECIMENS if each.spanned and isinstance(each.made.get("covariates"), np.ndarray)],
    ids=lambda specimen: specimen.name,
)
@pytest.mark.parametrize("apart", [1e-6, 1e-9, 1e-12])
def test_covariates_that_nearly_repeat_each_other_are_told_apart_or_refused(specimen, apart):
    given = specimen.made["covariates"]
    first = given[..., :1] if given.shape[-1] < PERIODS else given[..., None]
    other = np.random.default_rng(3).normal(size=first.shape)
    plain = answered(specimen, covariates=np.concatenate([first, other], axis=-1))
    near = answered(specimen, covariates=np.concatenate([first, first + apart * other], axis=-1))
    assert plain is not None
    assert near is None or near == pytest.approx(plain, rel=1e-3)


def options_of(estimator):
    hints = typing.get_type_hints(estimator)
    for name, hint in hints.items():
        kinds = typing.get_args(hint) if typing.get_origin(hint) is not typing.Literal else (hint,)
        if name != "return" and any(typing.get_origin(kind) is typing.Literal for kind in kinds):
            yield name


@EVERY
def test_an_option_that_there_is_not_and_a_level_that_is_none_are_refused(specimen):
    if specimen.call:
        return
    for name in options_of(specimen.estimator):
        assert answered(specimen, **{name: "nonsense"}) is None, name
    if "alpha" in inspect.signature(specimen.estimator).parameters:
        for level in (0.0, 1.0, -1, 2.0, np.nan, "x", None):
            assert answered(specimen, alpha=level) is None, level


def behind_the_door():
    """Every public function of stats/ that looks at its arguments at the door."""
    for found in pkgutil.walk_packages(stats.__path__, "stats."):
        module = importlib.import_module(found.name)
        for name, value in vars(module).items():
            if inspect.isfunction(value) and value.__module__ == found.name and hasattr(value, "__wrapped__"):
                yield f"{found.name.removeprefix('stats.')}.{name}"


def test_every_estimator_behind_the_door_is_attacked():
    assert sorted(set(behind_the_door()) - {specimen.name for specimen in SPECIMENS}) == []


INNER_MODULES = frozenset(
    [
        "checks.honest_flci",
        "checks.honest_moments",
        "clusters.clustered",
        "clusters.reassignment",
        "clusters.weighted_reassignment",
        "counterfactuals.counterfactual",
        "counterfactuals.local_shares",
        "counterfactuals.residual_bounds",
        "differences.adjusted_changes",
        "differences.adjusted_levels",
        "differences.cohort_regression",
        "differences.did",
        "differences.propensity",
        "monitoring.running_variance",
        "planning.power_methods",
        "staggered.group_time_cells",
        "staggered.ranked_leads",
        "staggered.reassigned_starts",
        "staggered.untreated_outcomes",
        "synthetic_control.augmented_placebos",
        "synthetic_control.placebo_assignments",
        "synthetic_control.placebo_sets",
        "synthetic_control.synthetic_did_weights",
        "time_series.autoregressive",
        "time_series.interrupted_design",
        "time_series.log_linear",
        "time_series.newey_west",
    ]
)
"""What is computed in these modules an estimator, a panel or a design has looked at before."""

INNER = frozenset(
    [
        "checks.balance.dealt_balance_finding",
        "checks.diagnostics.pre_fit",
        "checks.diagnostics.pre_fit_share",
        "checks.pretrend_power.rectangle",
        "clusters.clustered_regression.codes",
        "differences.two_by_two.indicators",
        "differences.two_by_two.ordinary",
        "differences.two_way.cohorts_in",
        "monitoring.anytime.log_e_value",
        "monitoring.anytime.threshold",
        "staggered.multiplier.bands",
        "staggered.multiplier.bands_of",
        "synthetic_control.synthetic.pool_of",
        "trials.randomisation.inverted",
        "trials.randomisation.ranked",
    ]
)
"""The same of single functions, beside estimators in their modules."""


def outside_the_door():
    for found in pkgutil.walk_packages(stats.__path__, "stats."):
        inner = found.name.removeprefix("stats.") in INNER_MODULES
        if inner or found.name.startswith(("stats.methods", "stats.numerics")) or found.name.count(".") < 2:
            continue
        module = importlib.import_module(found.name)
        for name, value in vars(module).items():
            if (
                inspect.isfunction(value)
                and value.__module__ == found.name
                and not name.startswith("_")
                and not hasattr(value, "__wrapped__")
                and any(
                    "Array" in str(hint) for key, hint in value.__annotations__.items() if key != "return"
                )
            ):
                yield f"{found.name.removeprefix('stats.')}.{name}"


def test_a_public_function_of_arrays_stands_behind_the_door_or_behind_an_estimator():
    assert sorted(set(outside_the_door()) ^ INNER) == []
