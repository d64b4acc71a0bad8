"""APIs in the manner of the Korean public data portal: numbered pages of items, in XML or JSON.

Errors come with HTTP 200, and in XML even where JSON was asked for. Only `totalCount` ends the paging. An
empty answer may have `items` as an empty text; a single item may stand without a list around it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from experiments.collection.connectors.documents import Page, Trail, kind_of
from experiments.collection.connectors.ngsi_ld import Query
from experiments.collection.connectors.readings import Harvest
from experiments.collection.connectors.tables import Table, requests
from experiments.collection.faults import PassingFault, quote
from experiments.collection.http import Get

_NO_DATA = 3
# What the portal's guide lists as its own trouble: application, database, HTTP, time-out, too many requests.
_PASSING = frozenset({1, 2, 4, 5, 21, 22})
_NORMAL = frozenset({"INFO-000", "NORMAL_CODE", "NORMAL SERVICE."})


def read_window(get: Get, query: Query, into: Harvest | None = None) -> Harvest:
    """Every reading of the operation with `start <= t < end`.

    HubFault for a result code other than that of success, and for anything that leaves doubt whether the
    window is complete; PassingFault for trouble on the portal's side.
    """
    harvest = into or Harvest()
    trail = Trail(harvest)
    table = Table(query, harvest)
    for entity, address, parameters in requests(query):
        _read(get, query, trail, table, entity, (address, parameters))
    table.note_absences()
    return harvest


def _read(
    get: Get, query: Query, trail: Trail, table: Table, entity: str | None, asked: tuple[str, dict[str, str]]
) -> None:
    """All pages of one request."""
    address, parameters = asked
    seen, total = 0, None
    number = 0
    while total is None or seen < total:
        number += 1
        paging = {"pageNo": str(number), "numOfRows": str(query.page_size)}
        page = trail.page(get(address, parameters | paging, {}))
        items, count = _items(page)
        if total is not None and count != total:
            raise page.fault(f"totalCount changed from {total} to {count}")
        total = count
        if not items and seen < total:
            raise page.fault(f"the hub counts {total} items but sent {seen}")
        trail.note_rows(page, [entity, items] if items else None)
        for position, item in enumerate(items):
            path = f"item[{position}]"
            if not isinstance(item, Mapping):
                raise page.fault(f"an item was expected, not {kind_of(item)}", path)
            table.take(page, item, path, entity)
        seen += len(items)
    if seen > total:
        raise page.fault(f"the hub counts {total} items but sent {seen}")


def _items(page: Page) -> tuple[list[Any], int]:
    """The items of a page, and how many there are on all of them."""
    is_xml = page.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"
    document = _from_xml(page) if is_xml else page.object()
    # The outermost name is left out where there is just one, such as `response`.
    response = document.get("response", document)
    if not isinstance(response, dict):
        raise page.fault(f"a response was expected, not {kind_of(response)}")
    if "cmmMsgHeader" in response:
        _refuse_gateway(page, response["cmmMsgHeader"])
    header, body = response.get("header"), response.get("body")
    if not isinstance(header, dict):
        raise page.fault("a header with its resultCode was expected", "header")
    if _is_empty(page, header):
        return [], 0
    if not isinstance(body, dict):
        raise page.fault(f"a body was expected, not {kind_of(body)}", "body")
    return _listed(body.get("items")), _count(page, body)


def _listed(items: Any) -> list[Any]:
    inner = items.get("item") if isinstance(items, dict) else items
    if inner is None or inner == "":
        return []
    return inner if isinstance(inner, list) else [inner]


def _count(page: Page, body: Mapping[str, Any]) -> int:
    found = body.get("totalCount")
    if isinstance(found, str) and found.strip().isdecimal():
        return int(found)
    if type(found) is not int:
        raise page.fault(f"a totalCount was expected, not {kind_of(found)}", "body.totalCount")
    return found


def _is_empty(page: Page, header: Mapping[str, Any]) -> bool:
    """Whether the result code says that there is nothing; a fault where it says that something is wrong."""
    code = str(header.get("resultCode", "")).strip()
    if code in _NORMAL or (code.isdecimal() and int(code) == 0):
        return False
    if code.isdecimal() and int(code) == _NO_DATA:
        return True
    raise _reported(page, code, header.get("resultMsg"))


def _refuse_gateway(page: Page, header: Any) -> None:
    facts = header if isinstance(header, dict) else {}
    words = facts.get("returnAuthMsg") or facts.get("errMsg")
    raise _reported(page, str(facts.get("returnReasonCode", "")).strip(), words)


def _reported(page: Page, code: str, words: object) -> Exception:
    reason = f"the hub reports {quote(code) or 'no result code'}: {quote(words)}"
    if code.isdecimal() and int(code) in _PASSING:
        return PassingFault(reason, url=page.url, page=page.number)
    return page.fault(reason, "header.resultCode")


def _from_xml(page: Page) -> dict[str, Any]:
    try:
        root = fromstring(page.body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, LookupError, ValueError) as error:
        raise page.fault(f"not valid XML: {quote(error)}") from None
    return {"response": _plain(root)}


def _plain(element: Element) -> Any:
    """An element as JSON would have it: its text, or its children by name, repeated ones in a list."""
    if not len(element):
        return element.text or ""
    found: dict[str, Any] = {}
    for child in element:
        value = _plain(child)
        if child.tag not in found:
            found[child.tag] = value
        elif isinstance(found[child.tag], list):
            found[child.tag].append(value)
        else:
            found[child.tag] = [found[child.tag], value]
    return found
