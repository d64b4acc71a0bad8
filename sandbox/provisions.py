"""How a provision is cited: `Art. 49(1)1, 50(1)1` and `D52(1)` in English, 법·영 제n조 in Korean."""

from __future__ import annotations

import re

_PART = re.compile(r"(?:(Art\.\s*)|(D))?(\d+)(?:-(\d+))?(?:\((\d+)\))?(\d+)?")


def in_korean(citation: str) -> str:
    """The Korean form of a citation; what is no citation stays as it is.

    A part without a prefix belongs to the law of the part before it.
    """
    cited, law = [], "법"
    for part in citation.split(", "):
        match = _PART.fullmatch(part)
        if match is None:
            return citation
        article, decree, number, branch, paragraph, item = match.groups()
        law = "영" if decree else "법" if article else law
        cited.append(
            f"{law} 제{number}조"
            + (f"의{branch}" if branch else "")
            + (f"제{paragraph}항" if paragraph else "")
            + (f"제{item}호" if item else "")
        )
    return ", ".join(cited)
