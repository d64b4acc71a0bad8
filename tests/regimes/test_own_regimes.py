"""Regimes of an installation: a law that nobody passed runs a case without a line of code, and a later
version of a law leaves cases that are there alone."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from experiments.errors import Invalid, NotFound, WrongMoment
from sandbox.clocks.models import Clock
from sandbox.config import SettingError, read_settings
from sandbox.exemptions.application import ApplicationSchema
from sandbox.regimes import load, open_regimes, regime, use_folder
from sandbox.risks import answers as risks
from tests import factories
from tests.factories import (
    SENT,
    answer_actions,
    close_consultation,
    collect_baseline,
    create_case,
    give_opinion,
    grant,
    inform_residents,
    insure,
    lock_plan,
    open_consultation,
    reply,
    reply_of_the_lead,
    save_plan,
    sign_application,
    start,
)

HERE = Path(__file__).parent
SMART_CITY = "kr-smart-city"


def answer_no(case):
    nothing = {"is_yes": False, "explanation": ""}
    given = {question.id: nothing for question in case.pilot.exemption.regime.risk.questions}
    risks.answer(case.session, case.pilot.exemption, given, by=case.actor("author"), at=case.tick())


AGREED = (
    *SENT,
    give_opinion,
    answer_actions,
    answer_no,
    sign_application,
    open_consultation,
    reply_of_the_lead,
)


@pytest.fixture
def folder(tmp_path):
    """A folder of regimes that the installation reads; afterwards it reads none."""
    yield tmp_path
    use_folder(None)


@pytest.fixture
def made_up(folder, monkeypatch):
    """The made-up regime, under which factories then file."""
    shutil.copy(HERE / "made-up.2026-01.json", folder)
    use_folder(folder)
    values = factories.application_values
    monkeypatch.setattr(factories, "REGIME", "made-up")
    monkeypatch.setattr(
        factories,
        "application_values",
        lambda **changes: values(kind="trial", ground="novel", requested_months=12, **changes),
    )
    return regime("made-up")


def written(folder, **changes):
    """The next version of the Smart City regime with `changes`, as a file of the installation."""
    data = json.loads((load._FOLDER / "kr-smart-city.2026-09.json").read_text(encoding="utf-8"))
    text = json.dumps(data | {"version": "2027-01"} | changes)
    (folder / "kr-smart-city.2027-01.json").write_text(text, encoding="utf-8")
    use_folder(folder)


def other_agrees(case):
    reply(case, "other_reviewer")


def grant_a_year(case):
    grant(case, granted_from=date(2026, 7, 1), granted_to=date(2027, 6, 30))


def test_a_made_up_regime_runs_a_case_from_filing_to_decision_and_start(session, made_up):
    case = create_case(session, (*AGREED, other_agrees, close_consultation, grant_a_year))
    assert case.pilot.exemption.status == "approved"
    case.walk((save_plan, lock_plan, insure, inform_residents, collect_baseline, start))
    assert case.pilot.status == "running"
    assert {clock.rule.id for clock in session.scalars(select(Clock))} == {"X01", "X02"}
    assert case.pilot.exemption.regime is made_up


def test_what_it_asks_about_risk_is_asked_before_the_filing(session, made_up):
    case = create_case(session, (*SENT, give_opinion, answer_actions))
    with pytest.raises(WrongMoment) as refusal:
        sign_application(case)
    assert refusal.value.needs == "risk_questions_are_answered"
    answer_no(case)
    sign_application(case)


def test_its_limits_are_those_of_the_file(session, made_up):
    case = create_case(session, (*AGREED, other_agrees, close_consultation))
    with pytest.raises(Invalid, match="longer than 12 months"):
        grant(case, granted_from=date(2026, 7, 1), granted_to=date(2027, 7, 1))
    problems = ApplicationSchema(made_up).validate(
        {"kind": "demonstration", "ground": "no_standard", "articles": ["a"], "contents": {"funding": "x"}}
        | {"requested_months": 1}
    )
    assert set(problems) == {"kind", "ground", "contents"}


def test_a_case_keeps_the_rules_under_which_it_was_filed(session, folder):
    case = create_case(session, SENT)
    new_kinds = json.loads((load._FOLDER / "kr-smart-city.2026-09.json").read_text(encoding="utf-8"))["kinds"]
    for kind in new_kinds:
        kind["longest_months"]["value"] = 6
    written(folder, kinds=new_kinds)
    assert case.pilot.exemption.regime.version == "2026-09"
    assert case.pilot.exemption.regime.kind("demonstration").longest_months == 48
    younger = regime(SMART_CITY)
    assert (younger.version, younger.kind("demonstration").longest_months) == ("2027-01", 6)
    assert [law.version for law in open_regimes() if law.id == SMART_CITY] == ["2027-01"]


def test_the_same_version_twice_is_refused_by_name(folder):
    shutil.copy(HERE / "made-up.2026-01.json", folder / "a.json")
    shutil.copy(HERE / "made-up.2026-01.json", folder / "b.json")
    with pytest.raises(ValueError, match=r"b\.json: made-up 2026-01 is there already"):
        use_folder(folder)


@pytest.mark.parametrize("content", ["{", '{"id": "x"}', "[]"])
def test_a_file_that_is_none_stops_the_start_with_its_name(folder, content, tmp_path):
    (folder / "wrong.json").write_text(content, encoding="utf-8")
    with pytest.raises(SettingError, match=r"SANDBOX_REGIMES: wrong\.json"):
        read_settings({"SANDBOX_VAR_DIR": str(tmp_path / "var"), "SANDBOX_REGIMES": str(folder)})
    assert regime(SMART_CITY)


def test_a_folder_that_is_not_there_stops_the_start(tmp_path):
    with pytest.raises(SettingError, match="there is no folder"):
        read_settings({"SANDBOX_VAR_DIR": str(tmp_path), "SANDBOX_REGIMES": str(tmp_path / "none")})


def test_without_the_folder_its_regimes_are_gone(made_up):
    use_folder(None)
    with pytest.raises(NotFound):
        regime("made-up")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"grounds": []}, "takes_applications"),
        ({"clocks": []}, "ministry_notified"),
        ({"unverified": [{"about": "kinds.nowhere", "text_ko": "가", "text_en": "a"}]}, "kinds.nowhere"),
        ({"remarks": [{"id": "a"}]}, "text_en"),
    ],
)
def test_a_regime_that_could_not_run_a_case_is_refused(folder, changes, named):
    made = json.loads((HERE / "made-up.2026-01.json").read_text(encoding="utf-8"))
    (folder / "x.json").write_text(json.dumps(made | changes), encoding="utf-8")
    with pytest.raises(ValueError, match=named):
        use_folder(folder)
