"""One import fills the metadata: whoever declares a table is listed in `sandbox.tables`."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from sqlalchemy import BigInteger

from sandbox.tables import metadata

ROOT = Path(__file__).parents[2]
DECLARED = re.compile(r"""(?:__tablename__ = |\bTable\(\s*)"(\w+)\"""")


def test_sandbox_tables_knows_every_table_that_is_declared():
    declared = {
        name
        for package in ("sandbox", "experiments")
        for module in (ROOT / package).rglob("*.py")
        for name in DECLARED.findall(module.read_text(encoding="utf-8"))
    }
    # In a process of its own: other tests import the modules one by one.
    program = "import sandbox.tables; print(*sandbox.tables.metadata.tables)"
    known = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert set(known.stdout.split()) == declared


def test_money_columns_hold_more_than_two_billion_won():
    narrow = [
        str(column)
        for table in metadata.sorted_tables
        for column in table.columns
        if column.name.endswith("_won") and not isinstance(column.type, BigInteger)
    ]
    assert narrow == []
