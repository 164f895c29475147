"""When the town changes what of a category is shown, every stored public place follows at once."""

from __future__ import annotations

import sqlalchemy as sa

from reports_store.categories import Categories
from reports_store.report import GeomSource, Place, Status, Visibility
from reports_store.rows import drawn_columns
from reports_store.schema import place_rule, report

NEVER = "never"
_COLUMNS = sa.select(report.c.id, report.c.lon, report.c.lat, report.c.status, report.c.visibility)


def redraw(connection: sa.Connection, categories: Categories) -> None:
    """Bring the reports of every category whose rule has changed in line with the categories file.

    What was public becomes private where a category is now never public; it stays so when the rule is
    loosened again, until a person publishes it.
    """
    kept = {row.category: row.rule for row in connection.execute(sa.select(place_rule))}
    wanted = {code: _rule(code, categories) for code in categories}
    for code in {*kept, *wanted}:
        if kept.get(code) != wanted.get(code):
            _redraw_category(connection, code, categories)
    if kept != wanted:
        connection.execute(place_rule.delete())
        connection.execute(place_rule.insert(), [{"category": c, "rule": r} for c, r in wanted.items()])


def _rule(code: str, categories: Categories) -> str:
    return NEVER if categories.hides(code) else categories[code].public_place.value


def _redraw_category(connection: sa.Connection, code: str, categories: Categories) -> None:
    rows = connection.execute(_COLUMNS.where(report.c.category == code)).all()
    for row in rows:
        place = Place(row.lon, row.lat, GeomSource.STAFF)
        visibility = Visibility(row.visibility)
        if visibility is Visibility.PUBLIC and categories.hides(code):
            visibility = Visibility.PRIVATE
        columns = drawn_columns(place, Status(row.status), code, visibility, categories)
        columns["visibility"] = visibility.value
        connection.execute(report.update().where(report.c.id == row.id), columns)
