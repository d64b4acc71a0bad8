"""The look: contrast, no outside addresses, no inline style or script, untouched vendor files."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "sandbox/static"
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SHEETS = sorted((STATIC / "css").glob("*.css"))
SHARED = [path for path in TEMPLATES if path.parent.name in ("templates", "_macros", "errors", "style")]
TOKENS = dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", (STATIC / "css/tokens.css").read_text()))
# WCAG 2.2: 1.4.3 for text, 1.4.11 for the edges of controls and for lines that carry meaning.
TEXT, EDGE = 4.5, 3.0


def luminance(colour: str) -> float:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(TOKENS[one]), luminance(TOKENS[other])))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(
    ("front", "ground", "least"),
    [
        ("gray-90", "gray-0", TEXT),
        ("gray-60", "gray-0", TEXT),
        ("gray-60", "gray-5", TEXT),
        ("gray-70", "gray-5", TEXT),
        ("primary-60", "gray-0", TEXT),
        ("primary-60", "primary-5", TEXT),
        ("gray-0", "primary-60", TEXT),
        ("gray-0", "danger-60", TEXT),
        ("danger-60", "gray-0", TEXT),
        *((f"{role}-70", f"{role}-5", TEXT) for role in ("danger", "warning", "success", "information")),
        ("primary-70", "primary-5", TEXT),
        ("link-visited", "gray-0", TEXT),
        ("primary-50", "gray-0", EDGE),
        ("warning-60", "gray-0", EDGE),
        ("gray-50", "gray-0", EDGE),
    ],
)
def test_colours_that_meet_differ_enough(front, ground, least):
    assert contrast(front, ground) >= least


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)
def test_style_sheets_name_only_known_tokens(sheet):
    defined = set(re.findall(r"--([a-z0-9-]+):", (STATIC / "css/tokens.css").read_text()))
    assert set(re.findall(r"var\(--([a-z0-9-]+)\)", sheet.read_text())) <= defined


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)
def test_style_sheets_load_from_here_alone(sheet):
    for address in re.findall(r'url\("?([^")]+)', sheet.read_text()):
        assert (sheet.parent / address).resolve().is_file(), address
    assert "@import" not in sheet.read_text()


def test_base_links_every_style_sheet():
    base = (ROOT / "templates/base.html").read_text()
    assert {f'"{sheet.stem}"' for sheet in SHEETS} <= set(re.findall(r'"[a-z]+"', base))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_templates_carry_no_inline_style_or_script(template):
    text = re.sub(r"\{#.*?#\}", "", template.read_text(), flags=re.DOTALL)
    assert not re.search(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|<[a-z][^<>]*\son[a-z]+=|javascript:", text)


@pytest.mark.parametrize("template", SHARED, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_shared_templates_use_only_classes_that_are_styled(template):
    styled = set(re.findall(r"\.([a-z][a-z0-9-]*)", "".join(sheet.read_text() for sheet in SHEETS)))
    found = re.findall(r'class="([a-z0-9 -]*)"', template.read_text())
    assert {name for value in found for name in value.split()} - styled == set()


def test_vendor_files_are_what_was_fetched():
    sums = (STATIC / "vendor/SHA256SUMS").read_text().split()
    for digest, name in zip(sums[::2], sums[1::2], strict=True):
        assert hashlib.sha256((STATIC / "vendor" / name).read_bytes()).hexdigest() == digest, name


def test_every_vendor_folder_has_its_licence_and_a_notice():
    notice = (STATIC / "vendor/THIRD_PARTY.md").read_text()
    for folder in (path for path in (STATIC / "vendor").iterdir() if path.is_dir()):
        assert (folder / "LICENSE.txt").is_file()
        assert f"{folder.name}/LICENSE.txt" in notice
