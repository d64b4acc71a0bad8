import re
from pathlib import Path

import pytest

import stats
from stats.particles import with_particle


@pytest.mark.parametrize(
    ("text", "particle", "told"),
    [
        ("0.470", "으로/로", "0.470으로"),
        ("0.471", "으로/로", "0.471로"),
        ("0.475", "으로/로", "0.475로"),
        ("4.12분", "으로/로", "4.12분으로"),
        ("12.0%", "이/가", "12.0%가"),
        ("3.10%p", "을/를", "3.10%p를"),
        ("대조 구역 D16", "을/를", "대조 구역 D16을"),
        ("대조 구역 D12", "을/를", "대조 구역 D12를"),
        ("기간 2026-W47", "을/를", "기간 2026-W47을"),
        ("control N", "은/는", "control N은"),
        ("서울", "으로/로", "서울로"),
        ("성수동", "과/와", "성수동과"),
        ("1,200원(세금 포함)", "이나/나", "1,200원(세금 포함)이나"),
        ("outcome", "으로/로", "outcome로"),
    ],
)
def test_the_particle_fits_what_is_read(text, particle, told):
    assert with_particle(text, particle) == told


SOURCES = sorted(Path(stats.__file__).parent.rglob("*.py"))
BOTH_FORMS = re.compile(r"\((을|를|은|는|이|가|과|와|으)\)|(을|은|이|과)\((를|는|가|와)\)")
AFTER_A_FIGURE = re.compile(  # a percentage is always read 퍼센트
    r"(figure|probability|with_unit|with_unit_ko)\([^{}]*\)\}"
    r"(으로|로|은|는|이|가|을|를|과|와|라면|이나|며)(?![가-힣])"
)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_no_sentence_leaves_the_particle_to_the_reader(path):
    text = path.read_text()
    assert not BOTH_FORMS.search(text)
    assert not AFTER_A_FIGURE.search(text)
