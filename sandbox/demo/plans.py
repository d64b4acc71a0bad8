"""The analysis plans of the demonstration, as its evaluator writes them."""

from __future__ import annotations

from typing import Any

from experiments.evaluation.rule import default_rule
from sandbox.demo import texts
from sandbox.demo.city import City
from sandbox.demo.city_facts import PilotFacts
from sandbox.demo.history import History

ALPHA = 0.05
MINIMUM_EFFECT_PACKS = 5.0
# The burden on those who go on smoking: at most a dollar a pack.
PRICE_MARGIN_CENTS = 100.0


def city_plan(city: City, pilot: PilotFacts, seed: int) -> dict[str, Any]:
    """Difference-in-differences in weeks against every district without a pilot."""
    directions = {metric.code: metric.direction for metric in city.metrics}
    words = texts.PILOTS[pilot.key]
    return {
        "schema_version": 1,
        "title_ko": pilot.name_ko,
        "title_en": pilot.name_en,
        "hypothesis_ko": words.hypothesis_ko,
        "hypothesis_en": words.hypothesis_en,
        "period": "week",
        "window": {
            "baseline_from": city.first_day.isoformat(),
            "intervention_from": pilot.first_day.isoformat(),
            "intervention_to": pilot.last_day.isoformat(),
        },
        "districts": {
            "treated": list(pilot.treated),
            "control": list(city.controls),
            "why": words.why_controls,
        },
        "primary": {
            "code": pilot.primary,
            "version": 1,
            "direction": directions[pilot.primary],
            "minimum_effect": pilot.minimum_effect,
        },
        "guardrails": [
            {
                "code": pilot.guardrail,
                "version": 1,
                "direction": directions[pilot.guardrail],
                "margin": pilot.margin,
            }
        ],
        "design": {"method": "did", "alpha": ALPHA, "missing": "available", "predictors": []},
        "rule": default_rule(minimum_effect=pilot.minimum_effect, alpha=ALPHA),
        "seed": seed,
    }


def history_plan(history: History, seed: int) -> dict[str, Any]:
    """Synthetic control on the predictors of Abadie, Diamond and Hainmueller (2010)."""
    words = texts.PILOTS["prop99"]
    means = [("lnincome", "1980", "1988"), ("retprice", "1980", "1988"), ("age15to24", "1980", "1988")]
    sales = [("cigsale", year, year) for year in ("1975", "1980", "1988")]
    return {
        "schema_version": 1,
        "title_ko": "캘리포니아 주민발의 99호 (1988)",
        "title_en": "California's Proposition 99 (1988)",
        "hypothesis_ko": words.hypothesis_ko,
        "hypothesis_en": words.hypothesis_en,
        "period": "year",
        "window": {
            "baseline_from": history.first_day.isoformat(),
            "intervention_from": history.intervention_from.isoformat(),
            "intervention_to": history.last_day.isoformat(),
        },
        "districts": {
            "treated": list(history.treated),
            "control": list(history.controls),
            "why": words.why_controls,
        },
        "primary": {
            "code": "cigsale",
            "version": 1,
            "direction": "decrease",
            "minimum_effect": MINIMUM_EFFECT_PACKS,
        },
        "guardrails": [
            {"code": "retprice", "version": 1, "direction": "decrease", "margin": PRICE_MARGIN_CENTS}
        ],
        "design": {
            "method": "synthetic_control",
            "alpha": ALPHA,
            "missing": "drop_period",
            "predictors": [
                {"metric": metric, "version": 1, "first": first, "last": last}
                for metric, first, last in [*means, ("beer", "1984", "1988"), *sales]
            ],
        },
        "rule": default_rule(minimum_effect=MINIMUM_EFFECT_PACKS, alpha=ALPHA),
        "seed": seed,
    }
