"""The README's example does what it says there."""

import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"


def test_the_example_without_the_service_prints_what_the_readme_says():
    text = README.read_text(encoding="utf-8")
    section = text.split("## A pilot evaluated without the service")[1].split("\n## ")[0]
    code, printed = (
        re.sub("^ {4}", "", block, flags=re.MULTILINE).strip()
        for block in re.findall(r"(?:^(?: {4}.*)?\n)+", section, flags=re.MULTILINE)
        if block.strip()
    )
    done = subprocess.run([sys.executable, "-X", "utf8", "-c", code], capture_output=True, check=True)
    assert done.stdout.decode().splitlines() == printed.splitlines()
