"""Korean words stay whole; everything else of a page stays as it is."""

from __future__ import annotations

import pytest

from sandbox.documents.wrapping import LONGEST_WORD, with_whole_words


def kept(*words):
    return " ".join(f'<span class="w">{word}</span>' for word in words)


@pytest.mark.parametrize(
    ("html", "made"),
    [
        ("<p>실증을 시작한다.</p>", f"<p>{kept('실증을', '시작한다.')}</p>"),
        ("<p>「법」 제52조제3항(조건)</p>", f"<p>{kept('「법」', '제52조제3항(조건)')}</p>"),
        ("<td>2026-03-02</td>", f"<td>{kept('2026-03-02')}</td>"),
        ("<p>Put up signs at 3 crossings.</p>", "<p>Put up signs at 3 crossings.</p>"),
        ("<p>A&amp;B주식회사</p>", f"<p>{kept('A&amp;B주식회사')}</p>"),
        ('<a title="한글 이름">가나</a>', f'<a title="한글 이름">{kept("가나")}</a>'),
        (
            "<title>실증 특례</title><style>/* 한글 */</style>",
            "<title>실증 특례</title><style>/* 한글 */</style>",
        ),
    ],
)
def test_words_with_hangul_are_kept_together(html, made):
    assert with_whole_words(html) == made


def test_a_long_word_may_break():
    longest = "가" * LONGEST_WORD
    assert with_whole_words(longest) == kept(longest)
    assert with_whole_words(longest + "나") == longest + "나"
