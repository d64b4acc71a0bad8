"""A SensorThings server, as far as collectors ask one: filters, pages that are cut short, both formats."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import httpx

_FILTER = re.compile(r"phenomenonTime ge (\S+) and phenomenonTime lt (\S+)")


class SensorThingsHub:
    """`streams`: Datastream id -> (symbol of its unit, [(phenomenonTime, result)]), `things`: Thing id ->
    [(property, Datastream id)]. Pages hold `most` rows; `absolute` is put before links."""

    def __init__(
        self,
        streams: Mapping[str, tuple[str | None, list[tuple[Any, Any]]]],
        things: Mapping[str, list[tuple[str, str]]] | None = None,
        *,
        most: int = 3,
        absolute: str = "",
    ) -> None:
        self.streams, self.things, self.most, self.absolute = streams, things or {}, most, absolute
        self.asked: list[str] = []

    def __call__(self, target: str) -> tuple[int, Mapping[str, str], bytes]:
        """(status, headers, body) for the target of a GET."""
        url = httpx.URL("http://hub.example" + target)
        self.asked.append(str(url))
        document = self._document(url.path, dict(url.params))
        found = document is not None
        body = json.dumps(document if found else {"code": 404, "message": "Nothing found."})
        return 200 if found else 404, {"Content-Type": "application/json"}, body.encode()

    def _document(self, path: str, params: dict[str, str]) -> dict[str, Any] | None:
        if found := re.fullmatch(r"/v1\.1/Datastreams\('?([^)']+)'?\)(/Observations)?", path):
            if found[1] not in self.streams:
                return None
            return self._observations(path, found[1], params) if found[2] else self._stream(found[1])
        if found := re.fullmatch(r"/v1\.1/Things\('?([^)']+)'?\)(/Datastreams)?", path):
            return self._thing(found[1], params, nested=not found[2]) if found[1] in self.things else None
        return None

    def _stream(self, key: str, observes: str | None = None) -> dict[str, Any]:
        unit = {"name": "a unit", "symbol": self.streams[key][0], "definition": ""}
        observed = {} if observes is None else {"ObservedProperty": {"name": observes}}
        return {"@iot.id": key, "unitOfMeasurement": unit, **observed}

    def _thing(self, key: str, params: dict[str, str], *, nested: bool) -> dict[str, Any]:
        skip = int(params.get("$skip", 0))
        rows = [self._stream(stream, name) for name, stream in self.things[key]][skip : skip + self.most]
        page: dict[str, Any] = {"Datastreams" if nested else "value": rows}
        if skip + self.most < len(self.things[key]):
            link = f"{self.absolute}/v1.1/Things('{key}')/Datastreams?$skip={skip + self.most}"
            page[f"{'Datastreams' if nested else ''}@iot.nextLink"] = link
        return page

    def _observations(self, path: str, key: str, params: dict[str, str]) -> dict[str, Any]:
        start, end = _FILTER.fullmatch(params["$filter"]).groups()  # type: ignore[union-attr]
        # An interval is in where all of it lies between the two.
        rows = [
            (when, result)
            for when, result in self.streams[key][1]
            if _written(when.split("/")[0]) >= start
            and (_written(when.split("/")[-1]) <= end if "/" in when else _written(when) < end)
        ]
        skip = int(params.get("$skip", 0))
        part = rows[skip : skip + min(self.most, int(params["$top"]))]
        page: dict[str, Any] = {"@iot.count": len(rows) + 7}  # an estimate, and a wrong one
        if skip + len(part) < len(rows):
            query = httpx.QueryParams(params).set("$skip", str(skip + len(part)))
            link = f"Datastreams({key})/Observations?{query}"
            page["@iot.nextLink"] = f"{self.absolute}/v1.1/{link}" if self.absolute else link
        if params.get("$resultFormat") == "dataArray":
            cells = [[result, position, when] for position, (when, result) in enumerate(part)]
            names = ["result", "id", "phenomenonTime"]
            return page | {"value": [{"components": names, "dataArray@iot.count": 1, "dataArray": cells}]}
        return page | {"value": [{"phenomenonTime": when, "result": result} for when, result in part]}


def _written(when: str) -> str:
    return when if "." in when else when.replace("Z", ".000000Z")
