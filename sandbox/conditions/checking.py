"""Judge conditions as their windows fall due: no human asks for it, and a breach opens a task."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from experiments.collection.terms import terms_of
from experiments.compliance import Compliance, FloatArray, Gathering, Side, Verdict, compliance
from experiments.errors import Invalid
from experiments.lifecycle import Actor
from experiments.metrics import Metric
from experiments.panel import panel
from experiments.periods import PeriodKind, calendar
from sandbox.clocks.running import SERVICE
from sandbox.conditions.models import (
    Basis,
    Breach,
    BreachStatus,
    Check,
    Duty,
    DutyStatus,
    Evidence,
    EvidenceStatus,
)
from sandbox.conditions.schedule import Window, operating_days, windows
from sandbox.conditions.table import BREACH, condition_is_imposed, record
from sandbox.exemptions.models import ExemptionStatus
from sandbox.pilots.models import Pilot
from sandbox.pilots.table import is_over
from sandbox.regimes.conditions import ConditionRules
from stats.errors import PanelError

ONE_DAY = timedelta(days=1)
MOST_AT_ONCE = 200


def due_keys(session: Session, *, at: datetime) -> list[int]:
    """The keys of conditions whose day to be looked at has come, the longest waiting first."""
    # A day later than anywhere on earth is early enough to look; each pilot's own zone decides.
    due = select(Duty.id).where(Duty.next_check_on <= at.date() + ONE_DAY, Duty.status != DutyStatus.LIFTED)
    return list(session.scalars(due.order_by(Duty.next_check_on, Duty.id).limit(MOST_AT_ONCE)))


def check(session: Session, duty: Duty, *, at: datetime) -> int:
    """Judge the windows of one condition that are due and not judged; then say when to look again."""
    pilot, rules = duty.pilot, duty.pilot.exemption.regime.conditions
    assert rules is not None  # nothing is bound where the regime does not say how it is judged
    today = at.astimezone(ZoneInfo(pilot.site.territory.zone)).date()
    days = operating_days(pilot) if condition_is_imposed(duty) else None
    if days is None:
        duty.next_check_on = None if _is_settled(duty) else today + ONE_DAY
        return 0
    judged = 0
    known = list(windows(duty, days))
    ripe = [window for window in known if _ripe_on(window, rules) <= today]
    for window in ripe:
        if _is_open(duty, window, today, rules):
            judged += _judge(session, duty, window, rules, at)
    again = [today + ONE_DAY for window in ripe if _is_open(duty, window, today, rules)]
    upcoming = [_ripe_on(window, rules) for window in known if window not in ripe]
    duty.next_check_on = min([*upcoming, *again], default=None)
    session.flush()
    return judged


def _is_settled(duty: Duty) -> bool:
    """Nothing will fall due: the condition was not imposed, or its pilot ended before it began."""
    if is_over(duty.pilot):
        return True
    return duty.pilot.exemption.status == ExemptionStatus.APPROVED and not duty.condition.is_imposed


def latest_checks(duty: Duty) -> dict[tuple[int, date], Check]:
    """By version and due day the check that counts: the latest."""
    return {(each.terms_id, each.due_on): each for each in duty.checks}


def settle(session: Session, evidence: Evidence, *, by: Actor, at: datetime) -> None:
    """Accepted evidence shows that its window was kept."""
    duty = evidence.duty
    days = operating_days(duty.pilot)
    window = next((w for w in windows(duty, days) if w.due_on == evidence.due_on), None) if days else None
    if window is not None:
        _store(session, duty, window, Compliance(Verdict.KEPT, None, None, 1.0), None, by, at)


def _ripe_on(window: Window, rules: ConditionRules) -> date:
    """The first day on which a window is judged: late readings have come in, the due day has passed."""
    wait = rules.settle_days if window.terms.basis == Basis.METRIC else 0
    return window.due_on + timedelta(days=wait + 1)


def _is_open(duty: Duty, window: Window, today: date, rules: ConditionRules) -> bool:
    """Not judged yet, or judged without enough readings so lately that more may have come."""
    found = latest_checks(duty).get((window.terms.id, window.due_on))
    if window.terms.basis == Basis.EVIDENCE:
        waits = any(
            each.due_on == window.due_on and each.status == EvidenceStatus.FILED for each in duty.evidence
        )
        return found is None and not waits
    if found is None:
        return True
    return found.verdict == Verdict.NO_DATA and today <= window.due_on + timedelta(days=rules.heal_days)


def _judge(session: Session, duty: Duty, window: Window, rules: ConditionRules, at: datetime) -> int:
    if window.terms.basis == Basis.EVIDENCE:
        # Nothing acceptable was filed in time.
        found = Compliance(Verdict.BREACHED, None, None, 0.0)
        _store(session, duty, window, found, None, SERVICE, at)
        return 1
    found, district = judged_by_readings(session, duty.pilot, window, rules, as_of=at)
    before = latest_checks(duty).get((window.terms.id, window.due_on))
    if before is not None and (before.verdict, before.value) == (found.verdict, found.value):
        return 0
    _store(session, duty, window, found, district, SERVICE, at)
    return 1


def judged_by_readings(
    session: Session, pilot: Pilot, window: Window, rules: ConditionRules, *, as_of: datetime
) -> tuple[Compliance, str | None]:
    """The verdict over the window in the treated districts, and the code of the district it hangs on."""
    terms = window.terms
    cells = _cells(session, pilot, window, as_of)
    if cells is None or terms.bound is None or terms.gathering is None or terms.side is None:
        return Compliance(Verdict.NO_DATA, None, None, 0.0), None
    values, completeness = cells
    found = compliance(
        values,
        # What ended without a reading counts as nothing of what was expected.
        np.where(np.isnan(values), 0.0, completeness),
        gathering=Gathering(terms.gathering),
        side=Side(terms.side),
        bound=terms.bound,
        least_completeness=rules.least_completeness_pct / 100,
    )
    return found, None if found.unit is None else pilot.districts[found.unit].code


def _cells(
    session: Session, pilot: Pilot, window: Window, as_of: datetime
) -> tuple[FloatArray, FloatArray] | None:
    """Values and completeness, districts x periods that begin within the window.

    None where there is no reading, or where two sources contradict each other.
    """
    metric = window.terms.metric
    if metric is None:
        return None
    period = _period(session, metric, as_of)
    zone = pilot.site.territory.zone
    begins = calendar(period, window.first_day, window.due_on, zone).first_days[:-1]
    within = np.array([day >= window.first_day for day in begins])
    if not within.any():
        return None
    try:
        reading = panel(
            session,
            metric=metric,
            districts=pilot.districts,
            period=period,
            first=window.first_day,
            last=window.due_on,
            as_of=as_of,
        )
    except (PanelError, Invalid):
        return None
    return reading.panel.outcomes[:, within], reading.completeness[:, within]


def _period(session: Session, metric: Metric, as_of: datetime) -> PeriodKind:
    """Days, or what the slowest source of the metric gives one reading of."""
    slowest = list(PeriodKind)
    stated = [PeriodKind(t.cadence) for t in terms_of(session, metric, as_of=as_of).values() if t.cadence]
    return max([PeriodKind.DAY, *stated], key=slowest.index)


def _store(
    session: Session,
    duty: Duty,
    window: Window,
    found: Compliance,
    district: str | None,
    by: Actor,
    at: datetime,
) -> None:
    shown = window.terms.basis == Basis.METRIC
    duty.checks.append(
        Check(
            terms=window.terms,
            first_day=window.first_day,
            due_on=window.due_on,
            basis=window.terms.basis,
            verdict=found.verdict,
            value=found.value,
            bound=window.terms.bound,
            district=district,
            completeness=found.completeness if shown else None,
            as_of=at,
        )
    )
    session.flush()
    facts = {"due_on": window.due_on.isoformat(), "verdict": found.verdict.value, "value": found.value}
    record(session, duty, "condition.check", by, at, **facts)
    if found.verdict is Verdict.BREACHED:
        _open_breach(session, duty, window.due_on, at)


def _open_breach(session: Session, duty: Duty, due_on: date, at: datetime) -> None:
    """One task for a window, however often it is judged."""
    if any(each.due_on == due_on for each in duty.breaches):
        return
    breach = Breach(duty=duty, due_on=due_on, opened_at=at, status=BreachStatus.OPEN)
    BREACH.begin(session, breach, by=SERVICE, at=at)
    record(session, duty, "condition_breach.create", SERVICE, at, due_on=due_on.isoformat())


def open_breaches(session: Session, *, organisation_id: int) -> list[Breach]:
    """Broken conditions of cases that this office runs or supervises, as far as they are not closed."""
    from_its_cases = (
        select(Breach).join(Duty, Duty.id == Breach.duty_id).join(Pilot, Pilot.id == Duty.pilot_id)
    )
    waiting = from_its_cases.where(
        Breach.status != BreachStatus.CLOSED,
        or_(
            Pilot.company_id == organisation_id,
            Pilot.exemption.has(lead_id=organisation_id),
            Pilot.exemption.has(city_id=organisation_id),
            Duty.condition.has(requested_by_id=organisation_id),
        ),
    )
    return list(session.scalars(waiting.order_by(Breach.opened_at, Breach.id)))
