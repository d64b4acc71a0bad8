"""Which design the data can carry, said before anyone looks at what came after the start.

Only readings from before the first start are looked at, so that the choice cannot be made for the result.
With one start the candidates forecast the last half of that time from what lies before, and the
comparison that forecasts best is recommended; a simpler one is kept where it is hardly worse.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from stats.cohorts import NEVER
from stats.design import Design, Method, Missing
from stats.errors import PanelError, StatisticsError
from stats.panel import FloatArray, Panel
from stats.recommend_trends import LEAST_SLOPES, LEAST_TREND, drifting, slopes
from stats.recommend_words import SENTENCES
from stats.words import figure, percent, probability

LEAST_BEFORE = 10
"""Periods before the start below which a mix of controls follows noise (Abadie 2021 asks for many)."""
LEAST_DONORS = 5
"""Complete controls below which a mix has next to nothing to choose from."""
HARDLY_WORSE = 1.25
"""Forecast errors up to this many times the least are alike, and the simplest method is taken: the error over
some dozen periods is itself uncertain by about a quarter."""
LEAST_SERIES = 12
"""Periods before the start below which a series alone hardly shows its trend."""
ALPHA = 0.05


@dataclass(frozen=True)
class Ground:
    """Why a method is recommended or ruled out, as a code and in plain words."""

    method: Method
    code: str
    sentence_ko: str
    sentence_en: str


@dataclass(frozen=True)
class Recommendation:
    """`design` is ready for `evaluate`; None where no design can be carried.

    why        grounds for it, the first the main one; without a design what is lacking
    ruled_out  every other method with its ground
    errors     forecast error (RMSE, in the outcome's unit) of the comparisons that were tried
    """

    design: Design | None
    why: tuple[Ground, ...]
    ruled_out: tuple[Ground, ...]
    errors: Mapping[str, float]

    @property
    def sentence_ko(self) -> str:
        """The main grounds in Korean."""
        return " ".join(ground.sentence_ko for ground in self.why)

    @property
    def sentence_en(self) -> str:
        """The main grounds in English."""
        return " ".join(ground.sentence_en for ground in self.why)


def recommend(
    panel: Panel,
    treated: tuple[str, ...],
    first_treated: str | Mapping[str, str],
    *,
    upcoming: Sequence[str] = (),
) -> Recommendation:
    """The design that `panel` can carry for `treated`, which start at `first_treated` (one label, or each).

    upcoming: labels of the periods after the panel's last, where a start lies beyond what has been read yet.
    All other units are taken as controls: leave out beforehand those that the pilot may have reached.
    `PanelError` refuses unknown units and periods, and a start without a period before it.
    """
    starts = dict.fromkeys(treated, first_treated) if isinstance(first_treated, str) else first_treated
    _check(panel, treated, starts, upcoming)
    facts = _Facts.of(panel, treated, starts, upcoming)
    grounds: list[Ground] = [_not_dealt()]
    chosen = _choice(facts, grounds)
    design = None
    if chosen is not None:
        design = Design(
            method=chosen.method,
            treated=treated,
            first_treated=dict(starts),
            controls=facts.complete if chosen.method in _MIXES and facts.gaps else facts.controls,
            alpha=ALPHA,
            missing=facts.policy(chosen.method),
        )
    if chosen is None:
        # The nearest thing to a design, and what it lacks, is what a reader needs to know.
        lacking = [ground for ground in grounds if ground.method == "interrupted"]
        why = [_ground("interrupted", "no_design", {"count": len(facts.controls)}), *lacking]
    else:
        why = [chosen, *_cautions(facts, chosen.method)]
    return Recommendation(design, tuple(why), tuple(grounds), facts.errors)


_MIXES: tuple[Method, ...] = ("synthetic_did", "synthetic_control")
_COMPARISONS: tuple[Method, ...] = ("did", "staggered", *_MIXES, "augmented_synthetic_control")


@dataclass(frozen=True)
class _Facts:
    """What is known before the start; `complete` are the controls without a gap in all of the panel."""

    panel: Panel
    treated: tuple[str, ...]
    controls: tuple[str, ...]
    complete: tuple[str, ...]
    starts: int
    before: int
    gaps: float
    treated_gaps: bool
    errors: Mapping[str, float]

    @classmethod
    def of(
        cls, panel: Panel, treated: tuple[str, ...], starts: Mapping[str, str], upcoming: Sequence[str]
    ) -> _Facts:
        gappy = [bool(np.isnan(row).any()) for row in panel.outcomes]
        whole = {unit: not gap for unit, gap in zip(panel.units, gappy, strict=True)}
        controls = tuple(unit for unit in panel.units if unit not in treated)
        complete = tuple(unit for unit in controls if whole[unit])
        periods = (*panel.periods, *upcoming)
        before = min(len(panel.periods), *(periods.index(start) for start in starts.values()))
        treated_gaps = not all(whole[unit] for unit in treated)
        errors = {}
        if len(set(starts.values())) == 1 and len(complete) > 1 and not treated_gaps and before > 2:
            values = panel.rows((*treated, *complete)).outcomes[:, :before]
            errors = _forecasts(values, len(treated))
        gaps = float(np.isnan(panel.outcomes).mean())
        count = len(set(starts.values()))
        return cls(panel, treated, controls, complete, count, before, gaps, treated_gaps, errors)

    def policy(self, method: Method) -> Missing:
        """Gaps are used around where the method can, and refused where there are none left."""
        return "available" if self.gaps and method in ("did", "staggered") else "refuse"


def _forecasts(values: FloatArray, count: int) -> dict[str, float]:
    """RMSE of each comparison's forecasts of the last half of `values` (treated first, `count`).

    The half is forecast in three pieces, each from all that lies before it.
    """
    width = values.shape[1]
    cuts = sorted({max(width * part // 6, 1) for part in (3, 4, 5)})
    errors = {}
    for name, gaps in _GAPS.items():
        with suppress(StatisticsError):
            squares = [
                gaps(values[:, :end], count, cut)[cut:] ** 2
                for cut, end in zip(cuts, [*cuts[1:], width], strict=True)
            ]
            errors[name] = float(np.sqrt(np.mean(np.concatenate(squares))))
    return errors


def _parallel(values: FloatArray, count: int, start: int) -> FloatArray:
    gap = values[:count].mean(axis=0) - values[count:].mean(axis=0)
    return np.asarray(gap - gap[:start].mean(), dtype=np.float64)


def _mixed(values: FloatArray, count: int, start: int) -> FloatArray:
    from stats.synthetic_control.synthetic import fit_mix

    return fit_mix(np.vstack([values[:count].mean(axis=0), values[count:]]), start).gaps


def _differenced(values: FloatArray, count: int, start: int) -> FloatArray:
    from stats.synthetic_control.synthetic_did import synthetic_did

    first = np.where(np.arange(len(values)) < count, start, NEVER).astype(np.int64)
    return synthetic_did(values, first).cohorts[0].path


_GAPS: Mapping[str, Callable[[FloatArray, int, int], FloatArray]] = {
    "did": _parallel,
    "synthetic_control": _mixed,
    "synthetic_did": _differenced,
}


def _choice(facts: _Facts, ruled_out: list[Ground]) -> Ground | None:
    """The recommended method with its ground; the others go to `ruled_out`."""
    if len(facts.controls) < 2:
        return _without_controls(facts, ruled_out)
    ruled_out.append(_ground("interrupted", "controls_are_there", {}))
    ruled_out.append(_ground("augmented_synthetic_control", "for_poor_fit", {}))
    if facts.starts > 1:
        ruled_out += [
            _ground(method, "several_starts", {"count": facts.starts}) for method in ("did", *_MIXES)
        ]
        return _ground("staggered", "several_starts_taken", {"count": facts.starts})
    ruled_out.append(_ground("staggered", "one_start", {}))
    able = _able(facts, ruled_out)
    if able == ["did"]:
        return _ground("did", "nothing_else", {})
    least = min(facts.errors[name] for name in able)
    chosen = next(name for name in able if facts.errors[name] <= HARDLY_WORSE * least)
    error = facts.errors[chosen]
    ruled_out += [_ruled_out(name, facts.errors[name], error) for name in able if name != chosen]
    if error > least:
        return _ground(chosen, "forecasts_simplest", {"error": figure(error), "least": figure(least)})
    return _ground(chosen, "forecasts_best", {"error": figure(error)})


def _ruled_out(method: Method, error: float, chosen: float) -> Ground:
    """Why `method`, which errs by `error`, gives way to one that errs by `chosen`."""
    code = "forecasts_alike" if error < chosen else "forecasts_worse"
    ratio = figure(error / chosen) if chosen > 0 else "∞"
    return _ground(method, code, {"error": figure(error), "chosen": figure(chosen), "ratio": ratio})


def _able(facts: _Facts, ruled_out: list[Ground]) -> list[Method]:
    """Of the comparisons with one start those that can be made, the simplest first."""
    able: list[Method] = ["did"]
    for method in _MIXES:
        if facts.treated_gaps:
            ruled_out.append(_ground(method, "treated_gaps", {}))
        elif len(facts.complete) < LEAST_DONORS:
            ruled_out.append(_ground(method, "few_donors", {"count": len(facts.complete)}))
        elif facts.before < LEAST_BEFORE:
            ruled_out.append(_ground(method, "few_periods", {"count": facts.before}))
        elif method not in facts.errors or "did" not in facts.errors:
            ruled_out.append(_ground(method, "not_fitted", {}))
        else:
            able.append(method)
    return able


def _without_controls(facts: _Facts, ruled_out: list[Ground]) -> Ground | None:
    ruled_out += [_ground(method, "no_controls", {"count": len(facts.controls)}) for method in _COMPARISONS]
    for wrong, code in (
        (facts.starts > 1, "several_starts"),
        (facts.treated_gaps, "treated_gaps"),
        (facts.before < LEAST_SERIES, "few_periods"),
    ):
        if wrong:
            count = facts.starts if code == "several_starts" else facts.before
            ruled_out.append(_ground("interrupted", code, {"count": count}))
            return None
    return _ground("interrupted", "only_its_past", {})


def _cautions(facts: _Facts, method: Method) -> list[Ground]:
    """What the recommended design will not be able to say."""
    found = []
    controls = len(facts.complete if method in _MIXES else facts.controls)
    if method != "interrupted" and len(facts.treated) == 1 and 1 / (controls + 1) > ALPHA:
        least = f"{1 / (controls + 1):.3f}"
        found.append(_ground(method, "ranks_too_coarse", {"count": controls, "least": least}))
    if method in ("did", "staggered"):
        found += _trend_cautions(facts, method)
    if facts.gaps:
        found.append(_ground(method, "gaps", {"share": percent(facts.gaps)}))
    return found


def _trend_cautions(facts: _Facts, method: Method) -> list[Ground]:
    """Whether the treated drifted from the controls before the start, and whether that could be seen."""
    if facts.before == 1:
        return [_ground(method, "one_before", {})]
    found = []
    if facts.before < LEAST_TREND:
        found.append(_ground(method, "few_before", {"count": facts.before}))
    own, others = (
        slopes(facts.panel.rows(units).outcomes[:, : facts.before])
        for units in (facts.treated, facts.controls)
    )
    if len(others) < LEAST_SLOPES or not len(own):
        return [*found, _ground(method, "trend_untold", {"count": len(others)})]
    drift = float(own.mean() - others.mean())
    p_value = drifting(drift, others, len(own))
    if p_value < ALPHA:
        said = {"slope": figure(drift), "p_value": probability(p_value)}
        found.append(_ground(method, "own_trend", said))
    return found


def _check(
    panel: Panel, treated: tuple[str, ...], starts: Mapping[str, str], upcoming: Sequence[str]
) -> None:
    if not treated:
        raise PanelError("treated", "at least one unit is needed")
    _check_upcoming(panel, upcoming)
    for unit in treated:
        if unit not in panel.units:
            raise PanelError("treated", "is not in the panel", unit=unit)
        if unit not in starts:
            raise PanelError("first_treated", "has no first treated period", unit=unit)
    for unit, period in starts.items():
        if unit not in treated or period not in (*panel.periods, *upcoming):
            raise PanelError("first_treated", "is not in the panel", unit=unit, period=period)
        if period == panel.periods[0]:
            raise PanelError("first_treated", "has no period before it", unit=unit, period=period)


def _check_upcoming(panel: Panel, upcoming: Sequence[str]) -> None:
    if isinstance(upcoming, str) or len(set(upcoming)) != len(upcoming):
        raise PanelError("upcoming", "must be different labels, one for each period")
    for period in upcoming:
        if not period.strip() or period in (*panel.periods, *panel.units):
            raise PanelError("upcoming", "is no label of a period after the panel's last", period=period)


def _not_dealt() -> Ground:
    return _ground("randomised", "not_dealt", {})


def _ground(method: Method, code: str, said: Mapping[str, object]) -> Ground:
    ko, en = SENTENCES[code]
    return Ground(method, code, ko.format(**said), en.format(**said))
