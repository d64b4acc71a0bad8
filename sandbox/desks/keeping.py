"""Keep the lines of desks current: whatever a transaction changed of a case, its lines are written anew.

A listener of every session notes which cases a flush touched, by the keys that the rows carry and by the
subjects of the ledger; before the commit their lines follow. No act has to think of desks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, event, or_, select
from sqlalchemy.orm import Session, sessionmaker

from experiments.lifecycle import Actor
from experiments.registrations.models import Experiment
from sandbox.desks import open_work, words
from sandbox.desks.models import Assignment, CaseArticle, CaseText, DeskLine
from sandbox.exemptions.models import Exemption
from sandbox.ledger.chain import LedgerEntry
from sandbox.pilots import file
from sandbox.pilots.file import Move
from sandbox.pilots.models import Pilot, PilotStatus
from sandbox.pilots.parts import hands
from sandbox.roles import Role

EVERY_CASE = "every"
EVERY_FILED_CASE = "filed"
TOUCHED = "cases_touched"
WHOLES = {"pilot": Pilot, "exemption": Exemption, "experiment": Experiment}
OWN_ROWS = (DeskLine, CaseText, CaseArticle)

# Possible at any time; a case does not wait for these.
QUIET_VERBS = frozenset(
    {
        "withdraw",
        "edit",
        "finish",
        "suspend",
        "amend",
        "answer_actions",
        "refuse",
        "send_back",
        "return_filing",
        "save_draft",
    }
)


def desk_of(organisation_id: int | None, role: str) -> str:
    """The name of the desk of an office's people with this role."""
    return f"{organisation_id}:{role}"


def renew(session: Session, pilots: Iterable[Pilot]) -> None:
    """Write the lines and the words of these cases anew."""
    for pilot in pilots:
        _renew_lines(session, pilot)
        _renew_words(session, pilot)
    session.flush()


def catch_up(session: Session) -> None:
    """Renew whatever this transaction has touched so far."""
    session.flush()
    if touched := session.info.pop(TOUCHED, None):
        renew(session, _pilots(session, touched))
        session.info.pop(TOUCHED, None)


def renew_missing(session: Session, *, most: int = 500) -> int:
    """Make the lines of cases that have none, such as those from before there were desks; how many."""
    missing = select(Pilot).where(Pilot.id.not_in(select(CaseText.pilot_id))).order_by(Pilot.id).limit(most)
    pilots = list(session.scalars(missing).unique())
    renew(session, pilots)
    return len(pilots)


class RenewDesks:
    """A duty of the heartbeat: lines that are missing, and hourly those that wait for what no act tells.

    An approved pilot may start once its baseline is there, and readings come without any act on the case.
    """

    def __init__(self, sessions: sessionmaker[Session], clock: Callable[[], datetime]) -> None:
        self._sessions = sessions
        self._clock = clock
        self._done_at: datetime | None = None

    def __call__(self) -> None:
        at = self._clock()
        with self._sessions.begin() as session:
            renew_missing(session)
            if self._done_at is None or at - self._done_at >= timedelta(hours=1):
                self._done_at = at
                waiting = select(Pilot).where(Pilot.status == PilotStatus.APPROVED).order_by(Pilot.id)
                renew(session, session.scalars(waiting.limit(500)).unique().all())


# -- which cases a transaction touched -------------------------------------------------------------


@event.listens_for(Session, "after_flush")
def _note_touched(session: Session, _context: object) -> None:
    keys = {key for row in (*session.new, *session.dirty, *session.deleted) for key in _keys(row)}
    if keys:
        session.info.setdefault(TOUCHED, set()).update(keys)


@event.listens_for(Session, "before_commit")
def _renew_touched(session: Session) -> None:
    catch_up(session)


@event.listens_for(Session, "after_rollback")
def _forget_touched(session: Session) -> None:
    session.info.pop(TOUCHED, None)


def _keys(row: Any) -> Iterator[tuple[str, Any]]:
    """Which cases a row belongs to: by its own key, a foreign key, or the subject of a ledger's entry."""
    if isinstance(row, LedgerEntry):
        kind, _, key = row.subject.partition(":")
        if kind == "pilot":
            yield "number", key
        elif kind == "exemption" and key.isdecimal():
            yield "exemption", int(key)
    elif not (isinstance(row, OWN_ROWS) or type(row).__module__.startswith("experiments.collection")):
        for whole, of in WHOLES.items():
            if belongs := getattr(row, "id" if isinstance(row, of) else f"{whole}_id", None):
                yield whole, belongs


def _pilots(session: Session, touched: set[tuple[str, Any]]) -> list[Pilot]:
    columns = {
        "pilot": Pilot.id,
        "exemption": Pilot.exemption_id,
        "experiment": Pilot.experiment_id,
        "number": Pilot.number,
    }
    asked = [
        column.in_([key for kind, key in touched if kind == name])
        for name, column in columns.items()
        if any(kind == name for kind, _ in touched)
    ]
    return list(session.scalars(select(Pilot).where(or_(*asked)).order_by(Pilot.id)).unique())


# -- the lines of one case -------------------------------------------------------------------------


def _renew_lines(session: Session, pilot: Pilot) -> None:
    # The acts of this transaction may have added rows that the loaded lists do not hold yet.
    session.expire(pilot.exemption, ["consultations", "clocks", "required_actions", "attachments"])
    there = {row.desk: row for row in session.scalars(select(DeskLine).where(DeskLine.pilot_id == pilot.id))}
    wanted = dict(_lines(session, pilot))
    for desk, values in wanted.items():
        line = there.get(desk) or DeskLine(desk=desk, pilot_id=pilot.id)
        for name, value in values.items():
            setattr(line, name, value)
        session.add(line)
    for desk in there.keys() - wanted.keys():
        session.delete(there[desk])


def _lines(session: Session, pilot: Pilot) -> Iterator[tuple[str, dict[str, Any]]]:
    people = _hands(session, pilot)
    takers = _takers(session, pilot)
    parts = open_work.open_parts(session, pilot)

    def moves_of(actor: Actor) -> list[Move]:
        return [*open_work.moves(parts, pilot, actor), *file.moves(session, pilot, actor)]

    for organisation_id, role in sorted(_offices(pilot), key=str):
        # Nobody in particular: what the office may do, whoever of it had a hand in the case.
        office = Actor(0, "", role, organisation_id)
        if not file.may_read(pilot, office):
            continue
        moves = moves_of(office)
        acts = _acts(moves)
        own = {
            str(person.person_id): mine
            for person in people.get((organisation_id, role), ())
            if (mine := _acts(moves_of(person))) != acts
        }
        yield (
            desk_of(organisation_id, role),
            {
                "acts": acts,
                "lacks": [[move.kind, move.verb, list(move.needs)] for move in moves if move.needs],
                "own": own,
                "assignee_id": takers.get((organisation_id, role)),
                **_place(
                    pilot,
                    waits=waits(pilot, acts),
                    due_on=_first(_due_on(pilot, organisation_id), open_work.due_on(parts, office)),
                ),
            },
        )
    quiet: dict[str, Any] = {"acts": [], "lacks": [], "own": {}, "assignee_id": None}
    yield EVERY_CASE, quiet | _place(pilot, waits=False, due_on=None)
    if file.may_read(pilot, Actor(0, "", Role.MINISTRY_REVIEWER, None)):
        yield EVERY_FILED_CASE, quiet | _place(pilot, waits=False, due_on=None)


def waits(pilot: Pilot, acts: Iterable[Iterable[str]]) -> bool:
    """Whether the case waits for whoever may do `acts`."""
    verbs = {verb for _kind, verb in acts}
    unanswered = any(not (each.answer or "").strip() for each in pilot.exemption.required_actions)
    return bool(verbs - QUIET_VERBS) or ("answer_actions" in verbs and unanswered)


def _acts(moves: Iterable[Move]) -> list[list[str]]:
    return [[move.kind, move.verb] for move in moves if not move.needs]


def _place(pilot: Pilot, *, waits: bool, due_on: date | None) -> dict[str, Any]:
    # Newest last in number, first on the desk.
    place = f"{0 if waits else 1}:{due_on or date.max}:{10**10 - pilot.id:010d}"
    return {
        "place": place,
        "waits": waits,
        "due_on": due_on,
        "status": pilot.status,
        "kind": pilot.exemption.kind,
        "city_id": pilot.site.city_id,
    }


def _offices(pilot: Pilot) -> set[tuple[int | None, str]]:
    """Everybody who has a part in the case, by office and role; secretariats share one desk."""
    exemption = pilot.exemption
    offices: set[tuple[int | None, str]] = {
        (None, Role.SECRETARIAT),
        (pilot.company_id, Role.COMPANY_AUTHOR),
        (pilot.company_id, Role.COMPANY_SIGNATORY),
        (exemption.city_id, Role.CITY_REVIEWER),
        (exemption.lead_id, Role.MINISTRY_REVIEWER),
        (exemption.lead_id, Role.DECIDER),
        (pilot.evaluator_id, Role.EVALUATOR),
    }
    return offices | {(asked.ministry_id, Role.MINISTRY_REVIEWER) for asked in exemption.consultations}


def _hands(session: Session, pilot: Pilot) -> dict[tuple[int | None, str], list[Actor]]:
    """Who had a hand in the case, by office and role: four eyes may keep them from an act."""
    found: dict[tuple[int | None, str], list[Actor]] = {}
    for person in hands(session, pilot):
        found.setdefault((person.organisation_id, person.role), []).append(person)
    return found


def _takers(session: Session, pilot: Pilot) -> dict[tuple[int | None, str], int]:
    rows = session.scalars(
        select(Assignment).where(Assignment.pilot_id == pilot.id, Assignment.ended_at.is_(None))
    )
    return {(row.organisation_id, row.person.role): row.person_id for row in rows}


def _due_on(pilot: Pilot, organisation_id: int | None) -> date | None:
    """The earliest statutory date that runs against this office in this case; the lead watches all."""
    exemption = pilot.exemption
    days = [
        clock.due_on
        for clock in exemption.clocks
        if clock.is_running and organisation_id in (clock.owed_by_id, exemption.lead_id)
    ]
    return min((day for day in days if day is not None), default=None)


def _first(*days: date | None) -> date | None:
    return min((day for day in days if day is not None), default=None)


def _renew_words(session: Session, pilot: Pilot) -> None:
    texts = [
        *(str(pilot.number or ""), pilot.title_ko, pilot.title_en, pilot.summary_ko, pilot.summary_en),
        *(pilot.technology, pilot.company.name_ko, pilot.company.name_en),
        *(name for each in pilot.districts for name in (each.name_ko, each.name_en)),
    ]
    text, grams = words.document(texts)
    session.merge(CaseText(pilot_id=pilot.id, text=text, grams=grams))
    articles = {words.folded(article) for article in pilot.exemption.articles}
    there = set(session.scalars(select(CaseArticle.article).where(CaseArticle.pilot_id == pilot.id)))
    gone = there - articles
    if gone:
        session.execute(
            delete(CaseArticle).where(CaseArticle.pilot_id == pilot.id, CaseArticle.article.in_(gone))
        )
    session.add_all(CaseArticle(pilot_id=pilot.id, article=article) for article in sorted(articles - there))
