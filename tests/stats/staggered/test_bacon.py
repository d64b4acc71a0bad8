import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.cohorts import NEVER
from stats.differences.two_way import two_way_effect
from stats.errors import EstimationError, PanelError
from stats.staggered.bacon import bacon
from tests.stats.build import case, noise
from tests.stats.differences.test_two_way import panel, switched_on

EXACT = 1e-9


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("bacon_castle", ("castle", "state", "year", "l_homicide")),
        ("bacon_divorce", ("divorce_bacon", "st", "year", "suiciderate_elast_jag")),
    ],
)
def test_the_decomposition_is_as_published(name, data):
    expected = case(name)["expected"]
    _, _, outcomes = panel(*data)
    _, _, treated = panel(*data[:3], "post")
    whole = ~np.isnan(outcomes).any(axis=1)
    result = bacon(outcomes[whole], switched_on(treated)[whole])
    assert result.estimate == pytest.approx(expected["twfe"], abs=EXACT)
    assert len(result.comparisons) == expected["n_2x2"]
    found = {f"weight_{kind}": share.weight for kind, share in result.shares.items()}
    found |= {f"est_{kind}": share.estimate for kind, share in result.shares.items()}
    wanted = {key: value for key, value in expected.items() if key.startswith(("weight_", "est_"))}
    assert found == pytest.approx(wanted, abs=EXACT)


def test_one_start_is_one_comparison_by_hand():
    outcomes = np.array([[3.0, 10.0], [5.0, 8.0], [1.0, 2.0], [2.0, 5.0]])
    result = bacon(outcomes, [1, 1, NEVER, NEVER])
    (only,) = result.comparisons
    assert (only.kind, only.weight, only.estimate) == ("treated_vs_untreated", 1.0, 5 - 2)
    assert result.finding().level == "ok"


@given(st.integers(0, 1000), st.booleans())
def test_the_comparisons_sum_to_the_two_way_estimate(seed, weighted):
    rng = np.random.default_rng(seed)
    starts = np.concatenate([[0, NEVER, 2], rng.choice([0, 2, 3, 5, NEVER], 12)])
    outcomes = noise(15, 7, seed=seed)
    weights = rng.uniform(0.5, 2, 15) if weighted else None
    result = bacon(outcomes, starts, weights=weights)
    expected = two_way_effect(outcomes, starts, weights=weights).value("effect")
    assert result.estimate == pytest.approx(expected, abs=EXACT)
    assert sum(each.weight for each in result.comparisons) == pytest.approx(1.0)
    assert all(each.weight > 0 for each in result.comparisons)


def test_the_finding_tells_how_much_rests_on_units_treated_before():
    finding = bacon(noise(6, 6), [1, 1, 1, 4, 4, 4]).finding()
    assert finding.level in ("caution", "fail")
    assert finding.number == pytest.approx(bacon(noise(6, 6), [1, 1, 1, 4, 4, 4]).forbidden)
    assert f"{100 * finding.number:.0f}%" in finding.sentence_en
    assert f"{100 * finding.number:.0f}%" in finding.sentence_ko


def test_unbalanced_panels_and_single_cohorts_are_refused():
    outcomes = noise(4, 5)
    with pytest.raises(EstimationError, match="no two cohorts"):
        bacon(outcomes, [2, 2, 2, 2])
    with pytest.raises(EstimationError, match="weights"):
        bacon(outcomes, [2, 2, NEVER, NEVER], weights=np.arange(1.0, 21.0).reshape(4, 5))
    outcomes[1, 3] = np.nan
    with pytest.raises(PanelError) as refused:
        bacon(outcomes, [2, 2, NEVER, NEVER])
    assert (refused.value.unit, refused.value.period) == ("1", "3")
