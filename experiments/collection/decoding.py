"""JSON as hubs and devices write it, numbers that JSON does not know included.

The decoder that is fast refuses a whole document for one NaN or one number beyond the largest float. Then
another one reads it again, slowly, for whom these are floats that are not finite: the reading goes into
quarantine, and the others are stored. Everything else that is refused stays refused.
"""

from __future__ import annotations

import json
from typing import Any

import orjson


def loads(body: bytes) -> Any:
    """The document in `body`; NaN and infinities are floats, numbers beyond the largest float infinite.

    orjson.JSONDecodeError, that of the fast decoder, where it is no JSON for any other reason.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        try:
            document = json.loads(body.decode("utf-8"), parse_int=_integer)
            # Halves of characters, which no database takes, and nesting without end stay refused.
            orjson.dumps(document)
            return document
        except (ValueError, TypeError, RecursionError):
            pass
        raise


def _integer(digits: str) -> int | float:
    # Beyond what the fast decoder keeps as integers it has floats, and Python refuses thousands of digits.
    return int(digits) if len(digits) < 19 else float(digits)
