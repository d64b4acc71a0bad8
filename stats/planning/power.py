"""Power and the minimum detectable effect, from pretended pilots in the data from before the pilot.

Each pretended pilot (`stats.planning.simulate`) is analysed by the very code that will analyse the real one.
An effect need not be added to the data and analysed again: every inference here is the inversion of a test of
"the effect is the constant c", so that with d added to the treated cells "no effect" is rejected exactly when
-d lies outside the interval found without it. One analysis of each pilot thus gives the whole curve, for
every effect, and the smallest effect that is found as often as asked for is an order statistic of the
intervals' ends. Relative effects are shares of the treated units' mean after the start.

Where no effect, however large, would be found in time that is the answer, as a value with its reason.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from stats.arguments import checked_arguments
from stats.checked import varying
from stats.errors import EstimationError
from stats.findings import NotComputable
from stats.inference import Inference, Interval
from stats.panel import FloatArray
from stats.planning.power_methods import ANALYSES, Analysis
from stats.planning.simulate import Pretence, Scheme, pretences

Direction = Literal["increase", "decrease"]

CHUNK = 25
"""Pretended pilots in one piece of work; fixed, so that no result depends on the number of workers."""


def effect_never_found(target: float) -> NotComputable:
    """Not even a boundless effect would be found in that share of the pretended pilots."""
    return NotComputable(
        "effect_never_found",
        f"효과가 아무리 커도 모의 실증의 {100 * target:g}%에서 찾아낼 수 없습니다.",
        f"However large the effect, it would not be found in {100 * target:g} % of the pretended pilots.",
    )


def not_reached_before_the_end(weeks: int, target: float) -> NotComputable:
    """The longest time asked about is too short for the effect."""
    return NotComputable(
        "not_reached_before_the_end",
        f"종료일까지 {weeks}개 기간을 모두 쓰더라도 "
        f"이 크기의 효과를 {100 * target:g}% 확률로 찾아낼 수 없습니다.",
        f"Even with all {weeks} periods before the end, an effect of this size would not be found with "
        f"probability {100 * target:g}%.",
    )


@dataclass(frozen=True, eq=False)
class Power:
    """What S pretended pilots say about a design.

    method, alpha   of the analysis;  treated: units;  weeks, before: periods after and before the start
    lows, highs     S, the intervals' ends with no effect in the data; a pilot whose test rejects every
                    constant effect has inf and -inf, one that says nothing -inf and inf
    levels          S, mean outcome of the treated after the start: the base of relative effects
    silent          share of pilots whose analysis had no p-value; they count as not finding anything
    """

    method: str
    alpha: float
    treated: int
    weeks: int
    before: int
    lows: FloatArray
    highs: FloatArray
    levels: FloatArray
    silent: float

    @property
    def size(self) -> float:
        """Share of pilots that find an effect where there is none; should be about alpha."""
        return float(self.curve([0.0])[0])

    def curve(self, effects: Iterable[float], *, relative: bool = False) -> FloatArray:
        """Share of pilots in which each of the effects (E) is found, in either direction."""
        added = np.array(list(effects), dtype=np.float64)[:, None] * (self._base if relative else 1.0)
        found: FloatArray = ((self.lows + added > 0) | (self.highs + added < 0)).mean(axis=1)
        return found

    def simulation_errors(self, effects: Iterable[float], *, relative: bool = False) -> FloatArray:
        """Standard errors of `curve` from the number of pilots alone, as if they did not overlap."""
        share = self.curve(effects, relative=relative)
        errors: FloatArray = np.sqrt(share * (1 - share) / len(self.lows))
        return errors

    def minimum_detectable(
        self, target: float = 0.8, *, relative: bool = False, direction: Direction = "increase"
    ) -> float | NotComputable:
        """The least size of an effect in `direction` that is found, in that direction, with probability
        `target`; positive either way."""
        if not 0 < target < 1:
            raise EstimationError("target", f"{target} is no probability between zero and one")
        if direction not in ("increase", "decrease"):
            raise EstimationError("direction", f"{direction!r} is none of increase, decrease")
        needed = np.maximum(-self.lows if direction == "increase" else self.highs, 0.0)
        if relative:
            needed = needed / np.abs(self._base)
        least = float(np.sort(needed)[math.ceil(target * len(needed)) - 1])
        # An effect that brings an end of the interval to zero exactly is not found yet.
        return float(np.nextafter(least, math.inf)) if math.isfinite(least) else effect_never_found(target)

    @property
    def _base(self) -> FloatArray:
        if (self.levels == 0).any():
            raise EstimationError("relative", "the treated mean is zero in a pilot: no relative effect")
        return self.levels


@checked_arguments
def power(
    outcomes: FloatArray,
    *,
    treated: int | Sequence[int],
    weeks: int,
    method: str | Analysis = "synthetic_control",
    before: int | None = None,
    controls: Sequence[int] | None = None,
    scheme: Scheme = "placebo",
    block: int | None = None,
    alpha: float = 0.05,
    simulations: int = 500,
    rng: np.random.Generator,
    executor: Executor | None = None,
) -> Power:
    """The power of a design on n x T `outcomes` from before the pilot.

    method    "did", "synthetic_control", "synthetic_did" or an `Analysis` of one's own
    executor  where pieces of work are run; the result does not depend on it;
              processes use the cores best where the BLAS of each keeps to one thread
    The rest as for `stats.planning.simulate.pretences`. `EstimationError` also for gaps and infinities.
    """
    values = varying("outcomes", outcomes, 2)
    analysis = ANALYSES.get(method) if isinstance(method, str) else method
    if analysis is None:
        raise EstimationError("method", f"{method!r} is none of {', '.join(ANALYSES)}")
    pilots = pretences(
        (values.shape[0], values.shape[1]),
        treated=treated,
        weeks=weeks,
        before=before,
        controls=controls,
        scheme=scheme,
        block=block,
        simulations=simulations,
        rng=rng,
    )
    pieces = [pilots[first : first + CHUNK] for first in range(0, len(pilots), CHUNK)]
    work = partial(_piece, analysis, values, alpha)
    run = map if executor is None else executor.map
    rows = np.concatenate(list(run(work, pieces, rng.spawn(len(pieces)))))
    return Power(
        method=method if isinstance(method, str) else getattr(method, "__name__", "analysis"),
        alpha=alpha,
        treated=pilots[0].treated,
        weeks=weeks,
        before=pilots[0].start,
        lows=rows[:, 0],
        highs=rows[:, 1],
        levels=rows[:, 2],
        silent=float(rows[:, 3].mean()),
    )


def weeks_needed(
    powers: Iterable[Power],
    effect: float,
    *,
    target: float = 0.8,
    relative: bool = False,
) -> int | NotComputable:
    """The least number of periods among `powers` from which on `effect` is found with probability
    `target`, or that it cannot be before the last of them."""
    longest, needed = 0, None
    for each in sorted(powers, key=lambda power: power.weeks, reverse=True):
        longest = max(longest, each.weeks)
        if each.curve([effect], relative=relative)[0] < target:
            break
        needed = each.weeks
    return not_reached_before_the_end(longest, target) if needed is None else needed


def _piece(
    analysis: Analysis,
    outcomes: FloatArray,
    alpha: float,
    pilots: Sequence[Pretence],
    rng: np.random.Generator,
) -> FloatArray:
    """For each pilot the ends of its interval, the treated level, and whether it says nothing."""
    rows = np.empty((len(pilots), 4))
    for place, pilot in enumerate(pilots):
        values = pilot.of(outcomes)
        inference = analysis(values, pilot.treated, pilot.start, alpha, rng)
        level = values[: pilot.treated, pilot.start :].mean()
        rows[place] = *_ends(inference), level, isinstance(inference.p_value, NotComputable)
    return rows


def _ends(inference: Inference) -> tuple[float, float]:
    if isinstance(inference.interval, Interval):
        return inference.interval.low, inference.interval.high
    nothing = isinstance(inference.p_value, NotComputable)
    return (-math.inf, math.inf) if nothing else (math.inf, -math.inf)
