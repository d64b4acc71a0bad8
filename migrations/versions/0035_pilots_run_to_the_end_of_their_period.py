"""Finished pilots owe their report: the states of a period's end.

Revision ID: 0035
Revises: 0034
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

COLUMNS = (
    ("pilot", "status"),
    ("pilot_history", "old_status"),
    ("pilot_history", "new_status"),
    ("desk_line", "status"),
)
BEFORE = {
    "extended": "running",
    "deemed_extended": "running",
    "report_due": "finished",
    "reported": "finished",
    "revoked": "stopped",
    "regularised": "concluded",
    "converted": "concluded",
}


def upgrade() -> None:
    _rename("finished", "report_due")


def downgrade() -> None:
    for new, old in BEFORE.items():
        _rename(new, old)


def _rename(old: str, new: str) -> None:
    for name, status in COLUMNS:
        column = sa.column(status, sa.String())
        table = sa.table(name, column)
        op.execute(table.update().where(column == old).values({status: new}))
