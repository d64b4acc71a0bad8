"""How fast desks, search and case pages answer with many cases: `python -m tests.bench.desks`.

Real cases in every state are taken through their acts by one company, one city, one lead ministry and one
institute, and then copied with everything that hangs on them, in PostgreSQL, until there are as many as
asked for: so every desk holds all of them, which is worse than any office will see. Words and due dates
of the copies vary by --seed. Every page is asked for --times times through the whole service in one
process; "queries" counts every statement of one request. The limit is 150 ms at the 95th percentile, and
as many queries with many cases as with few.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Column, Engine, Integer, Table, UniqueConstraint, event, text
from sqlalchemy.orm import Session
from werkzeug.test import Client

from sandbox import db
from sandbox.app import Service, create_app
from sandbox.config import read_settings
from sandbox.desks.keeping import catch_up
from sandbox.desks.words import grams
from sandbox.pilots import registration
from sandbox.roles import Role
from sandbox.tables import metadata
from tests import postgresql
from tests.databases import PostgresqlDatabases
from tests.factories import (
    CONSULTED,
    CONSULTING,
    DECIDED,
    DRAFTED,
    FILED,
    GRANTED,
    LOCKED,
    OPINED,
    PROPOSED,
    REGIME,
    SENT,
    SIGNED,
    Case,
    application_values,
    create_case,
    create_metric,
    create_person,
    create_site,
    pilot_values,
)
from tests.web.visitors import Visitor

HISTORIES = (
    *(DRAFTED, SENT, OPINED, FILED, CONSULTING, CONSULTED),
    *(GRANTED, LOCKED, SIGNED, PROPOSED, DECIDED, CONSULTING),
)
WORDS = ("자율주행 셔틀의 노선", "배송 로봇의 보도 통행", "드론 배송 실증", "스마트 주차", "수요응답형 버스")
STEP = 1000  # keys of one copy are those of the original, so many further on
LIMIT_MS = 150
WHOLES = ("pilot", "exemption", "experiment")
APART = {"pilot_id", "exemption_id", "experiment_id"}


# -- many cases ------------------------------------------------------------------------------------


def originals(session: Session) -> Case:
    """One case after each history, all of the same people."""
    first = create_case(session)
    for number, history in enumerate(HISTORIES, 1):
        site = create_site(session, city=first.site.city)
        case = Case(session, site, first.people, create_metric(session), create_metric(session))
        case.at = first.at
        case.pilot = registration.register(
            session,
            site=site,
            evaluator=first.pilot.evaluator,
            lead=first.pilot.exemption.lead,
            regime_id=REGIME,
            values=pilot_values(title_ko=f"스마트 횡단보도 {number}", title_en=f"Smart crossings {number}"),
            application_values=application_values(),
            by=case.actor("author"),
            at=case.tick(),
        )
        case.walk(history)
    create_person(session, Role.MINISTRY_REVIEWER, first.people["reviewer"].organisation)
    catch_up(session)
    session.commit()
    return first


def parts_of_cases() -> list[Table]:
    """The tables whose rows belong to one case, those that others name first."""
    whole = set(WHOLES)
    while True:
        more = {
            table.name
            for table in metadata.sorted_tables
            if any(key.column.table.name in whole for key in table.foreign_keys)
        }
        if more <= whole:
            return [table for table in metadata.sorted_tables if table.name in whole]
        whole |= more


def set_apart(table: Table, copied: set[str]) -> set[Column[Any]]:
    """The columns in which a copy differs: its key, what names other parts, what may not stand twice."""
    keys = {
        column
        for column in table.columns
        if (column.primary_key and column.name == "id")
        or any(key.column.table.name in copied for key in column.foreign_keys)
    }
    once: list[list[Column[Any]]] = [list(index.columns) for index in table.indexes if index.unique]
    once += [list(rule.columns) for rule in table.constraints if isinstance(rule, UniqueConstraint)]
    return keys | {columns[-1] for columns in once if not keys & set(columns)}


def copying(table: Table, copied: set[str]) -> str:
    """The statement that copies the originals of `table` :copies times, with keys further on."""
    apart = {
        "desk_line.place": "substr(place, 1, 2) || coalesce((due_on + g % 200)::text, '9999-12-31') || ':' "
        f"|| lpad((10000000000 - pilot_id - {STEP} * g)::text, 10, '0')",
        "desk_line.due_on": "due_on + g % 200",
        "clock.due_on": "due_on + g % 200",
        "case_text.text": "text || chr(10) || (CAST(:words AS text[]))[1 + g % 5]",
        "case_text.grams": "grams || ' ' || (CAST(:pairs AS text[]))[1 + g % 5]",
    }
    onwards = set_apart(table, copied)
    values = []
    for column in table.columns:
        if f"{table.name}.{column.name}" in apart:
            values.append(apart[f"{table.name}.{column.name}"])
        elif column in onwards:
            is_number = isinstance(column.type, Integer)
            values.append(f"t.{column.name} + {STEP} * g" if is_number else f"t.{column.name} || '-' || g")
        else:
            values.append(f"t.{column.name}")
    names = ", ".join(column.name for column in table.columns)
    own = "id" if "id" in table.columns else min(APART & set(table.columns.keys()))
    return (
        f"INSERT INTO {table.name} ({names}) SELECT {', '.join(values)} "
        f"FROM {table.name} t, generate_series(CAST(:first AS integer), CAST(:last AS integer)) g "
        f"WHERE t.{own} < {STEP}"
    )


def copy(engine: Engine, first: int, last: int) -> None:
    """Copy the original cases, once for each number from `first` to `last`."""
    tables = parts_of_cases()
    copied = {table.name for table in tables}
    pairs = [" ".join(sorted(grams(words))) for words in WORDS]
    with engine.begin() as connection:
        for table in tables:
            statement = copying(table, copied)
            values = {"first": first, "last": last, "words": list(WORDS), "pairs": pairs}
            used = {name: value for name, value in values.items() if f":{name}" in statement}
            connection.execute(text(statement), used)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


# -- measuring ---------------------------------------------------------------------------------------


@contextmanager
def counting(engine: Engine) -> Iterator[list[str]]:
    """The statements that `engine` runs meanwhile."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


def pages(numbers: list[str], city: int, rng: np.random.Generator) -> dict[str, tuple[str | None, list[str]]]:
    """What is asked for: by whom, and the addresses, one of which is drawn each time."""
    some = [str(number) for number in rng.choice(numbers, 50)]
    copies = rng.integers(1, max(2, len(numbers) // len(HISTORIES)), 20)
    afters = [f"1:9999-12-31:{10**10 - STEP * int(each):010d}" for each in copies]
    words = ["주행", "로봇", "실증", "드론 배송", "횡단보도", "버스", *some[:4]]
    filters = [
        "status=in_review",
        "kind=demonstration",
        f"city={city}",
        "within=7",
        "whose=nobodys",
        "whose=mine",
    ]
    return {
        "desk of the company": ("author", ["/company"]),
        "desk of the city": ("city_reviewer", ["/cases-desk"]),
        "desk of the lead ministry": ("reviewer", ["/cases-desk"]),
        "desk of another ministry": ("other_reviewer", ["/cases-desk"]),
        "desk of the decider": ("decider", ["/cases-desk"]),
        "desk of the evaluator": ("evaluator", ["/evaluator"]),
        "desk of the auditor": ("auditor", ["/cases-desk"]),
        "cases of every ministry": ("other_reviewer", ["/cases-desk?whose=all"]),
        "desk, somewhere behind": ("reviewer", [f"/cases-desk?after={after}" for after in afters]),
        "desk, filtered": ("reviewer", [f"/cases-desk?{each}" for each in filters]),
        "desk, searched": ("reviewer", [f"/cases-desk?q={each}" for each in words]),
        "case page, ministry": ("reviewer", [f"/cases/{each}" for each in some]),
        "case page, company": ("author", [f"/cases/{each}" for each in some]),
        "due dates": ("reviewer", ["/due-dates"]),
        "public register": (None, ["/"]),
        "public register, searched": (None, [f"/?q={each}" for each in words]),
        "public register, behind": (None, [f"/?page={page}" for page in (2, 10, 50)]),
    }


def measure(client: Client, engine: Engine, addresses: list[str], times: int) -> tuple[list[float], int]:
    """Milliseconds of each of `times` answers, and the most statements that one of them took."""
    taken, most = [], 0
    for number in range(times + len(addresses)):
        address = addresses[number % len(addresses)]
        with counting(engine) as statements:
            begin = time.perf_counter()
            answer = client.get(address)
            passed = time.perf_counter() - begin
        assert answer.status_code == 200, (address, answer.status)
        if number >= len(addresses):  # everything was asked for once before it counts
            taken.append(1000 * passed)
            most = max(most, len(statements))
    return taken, most


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 100_000], help="numbers of cases")
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--seed", type=int, default=20261124)
    given = parser.parse_args()
    databases = PostgresqlDatabases(postgresql.server(Path(tempfile.gettempdir())))
    url = databases.create()
    with tempfile.TemporaryDirectory(prefix="sandbox-bench-") as folder:
        environment = {"SANDBOX_VAR_DIR": folder, "SANDBOX_SECRET_KEY": "of a measurement"}
        service = create_app(read_settings(environment | {"SANDBOX_DATABASE_URL": url}))
        with service.app_context():
            engine = db.db.engine
        try:
            _run(service, engine, given.sizes, given.times, given.seed)
        finally:
            engine.dispose()
            databases.drop(url)


def _run(service: Service, engine: Engine, sizes: list[int], times: int, seed: int) -> None:
    with Session(engine) as session:
        case = originals(session)
        people = {who: person.email for who, person in case.people.items()}
        moment, city = case.at + timedelta(days=60), case.site.city_id
    service.clock = lambda: moment
    made = 0
    print(f"seed {seed}, {times} answers each, PostgreSQL; milliseconds, at most {LIMIT_MS} at the 95th")
    for size in sizes:
        copies = -(-size // (len(HISTORIES) + 1)) - 1
        begin = time.perf_counter()
        copy(engine, made + 1, copies)
        made = copies
        with engine.connect() as connection:
            filed = "SELECT number FROM pilot WHERE status NOT IN ('draft') ORDER BY id"
            numbers = list(connection.scalars(text(filed)))
            whole = connection.scalar(text("SELECT count(*) FROM pilot"))
        print(f"\n{whole} cases, made in {time.perf_counter() - begin:.0f} s")
        print(f"{'page':32} {'median':>8} {'95th':>8} {'queries':>8}")
        for name, (who, addresses) in pages(numbers, city, np.random.default_rng(seed)).items():
            client = service.test_client()
            if who:
                Visitor(client).sign_in(people[who])
            taken, queries = measure(client, engine, addresses, times)
            median, most = np.percentile(taken, [50, 95])
            over = "  over the limit" if most > LIMIT_MS else ""
            print(f"{name:32} {median:8.1f} {most:8.1f} {queries:8d}{over}", flush=True)


if __name__ == "__main__":
    main()
