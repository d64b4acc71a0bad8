"""Citations as a Korean reader writes them."""

from __future__ import annotations

import pytest

from sandbox.provisions import in_korean


@pytest.mark.parametrize(
    ("english", "korean"),
    [
        ("Art. 49(4)", "법 제49조제4항"),
        ("Art. 49(1)1, 50(1)1", "법 제49조제1항제1호, 법 제50조제1항제1호"),
        ("Art. 49-2(3)", "법 제49조의2제3항"),
        ("D52(3)", "영 제52조제3항"),
        ("Art. 2(11), 50", "법 제2조제11항, 법 제50조"),
        ("Art. 49(7), D52(1)", "법 제49조제7항, 영 제52조제1항"),
        ("등록부 규칙 (our rule)", "등록부 규칙 (our rule)"),
        ("", ""),
    ],
)
def test_a_citation_reads_in_korean(english, korean):
    assert in_korean(english) == korean
