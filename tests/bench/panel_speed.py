"""How long a panel takes, beside the bare GROUP BY: run as `python -m tests.bench.panel_speed`.

200 districts x 5,000 hours, one reading each, from the seed; read as a panel of days. The bare query
adds the same readings up by series and day in the database and fetches the cells into a numpy array.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import timedelta

import numpy as np
from sqlalchemy.orm import Session

from experiments.collection.intake import Columns
from experiments.collection.models import to_microseconds
from experiments.collection.store import write
from experiments.panel import panel
from tests.bench._databases import AT, KINDS, create_series, fresh, the_metric, the_territory

HOUR, DAY = 3_600_000_000, 86_400_000_000
BARE = f"SELECT series_id, observed_at / {DAY} AS day, sum(value), count(*) FROM observation GROUP BY 1, 2"


def seconds(act: Callable[[], object], times: int) -> float:
    """The median of so many runs."""
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        act()
        taken.append(time.perf_counter() - begin)
    return float(np.median(taken))


def bare(session: Session) -> None:
    cursor = session.connection().connection.cursor()
    np.array(cursor.execute(BARE).fetchall())
    cursor.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--districts", type=int, default=200)
    parser.add_argument("--hours", type=int, default=5_000)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--seed", type=int, default=20261123)
    given = parser.parse_args()
    print(f"{given.districts} districts x {given.hours} hours, seed {given.seed}")
    for kind in KINDS:
        with fresh(kind) as sessions:
            series, attempt_id = create_series(sessions, given.districts)
            rng = np.random.default_rng(given.seed)
            size = len(series) * given.hours
            rows = Columns(
                np.repeat(np.array(series), given.hours),
                np.tile(to_microseconds(AT) + HOUR * np.arange(given.hours), len(series)),
                rng.normal(100, 20, size),
            )
            with sessions.begin() as session:
                write(session.connection(), rows, received_at=to_microseconds(AT), attempt_id=attempt_id)
            with sessions() as session:
                if kind == "postgresql":
                    session.connection().exec_driver_sql("ANALYZE observation")
                metric, districts = the_metric(session), the_territory(session).districts
                first = AT.date()
                last = (AT + timedelta(hours=given.hours - 1)).date()

                def read(period: str = "day", session: Session = session) -> str:
                    reading = panel(
                        session,
                        metric=metric,  # noqa: B023 - called within this turn
                        districts=districts,  # noqa: B023
                        period=period,
                        first=first,  # noqa: B023
                        last=last,  # noqa: B023
                        as_of=AT,
                    )
                    return reading.panel.digest()

                plain = seconds(lambda session=session: bare(session), given.times)
                ours = seconds(read, given.times)
                print(
                    f"{kind:10}  GROUP BY {plain:.3f} s  panel {ours:.3f} s  ratio {ours / plain:.2f}  "
                    f"{read()[:16]}"
                )


if __name__ == "__main__":
    main()
