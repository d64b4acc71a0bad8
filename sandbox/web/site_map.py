"""The map of a site as the pages show it: districts with their names, roles in words, and a table."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import gettext

from sandbox.web import charts, maps
from sandbox.web.maps import MapDistrict, Role


def site_map(
    districts: Iterable[MapDistrict], *, id: str, title: str, description: str, other_label: str
) -> charts.Figure | None:
    """None without any district; `other_label` is what districts without a part are called."""
    drawn = tuple(districts)
    if not drawn:
        return None
    values = maps.DistrictMap(
        districts=drawn,
        role_labels={
            Role.TREATED: gettext("Treated"),
            Role.CONTROL: gettext("Control"),
            Role.OTHER: other_label,
        },
        district_label=gettext("District"),
        role_label=gettext("Role"),
    )
    return charts.figure(maps.district_map, values, id=id, title=title, description=description)
