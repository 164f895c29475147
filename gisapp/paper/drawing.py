"""Draws the town's layers on paper: a vector map, true to scale, north of the plane grid up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import shapely
from numpy.typing import NDArray
from reportlab.lib.colors import black
from reportlab.pdfgen.canvas import Canvas

from gisapp.paper.brush import (
    AREA_ALPHA,
    apart,
    clip_to,
    disc,
    draw_lines,
    fill_areas,
    hex_of,
    lines_of_shapes,
    rings_of,
    rings_path,
)
from gisapp.paper.furniture import Key, draw_grid, draw_north, draw_scale
from gisapp.paper.labels import Labels, Name, name_along, name_beside, name_in
from gisapp.paper.photo import draw_photo
from gisapp.paper.view import Frame, View, Window
from gisapp.person import Person, may_see
from gisapp.words import say
from layers.errors import SourceUnavailable
from layers.kinds import Style
from layers.versions import LayerShelf, LayerVersion

BASE = ("boundary", "zoning", "river", "road_section", "public_facility")
# over others: no fill, as on the screen
OUTLINES = frozenset({"boundary", "neighbourhood_association", "school_district", "parcel", "aerial_image"})
FINEST_MM = 0.1  # finer than this nobody sees on paper
PLACE = Style("place", "", "#D3302F", "#FFFFFF", letter="★")
_ROADS = {  # casing, surface and width in points at 1:10,000, as on the screen
    "road_national": ("#e2a64a", 3.8),
    "road_prefectural": ("#e8cf6a", 3.0),
    "road_municipal": ("#ffffff", 1.7),
}
_OTHER_ROAD = ("#e4e0da", 1.1)
_CASING = "#b9b09c"
_NAMED_FROM = 10_000  # from this scale on every facility of the base is named
_NAMES_OF_A_LAYER = 400
Shapes = NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Mark:
    """A sign that is no feature of a layer, such as the place that was asked about or a report; degrees."""

    lon: float
    lat: float
    style: Style
    text: str = ""
    badge: str = ""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a map shows: keys for its legend, a line of source and date for each layer, and what is absent.

    absent names the layers that were asked for and have nothing in the frame.
    """

    window: Window
    legend: tuple[Key, ...]
    sources: tuple[str, ...]
    absent: tuple[str, ...]


def draw_map(
    pdf: Canvas,
    frame: Frame,
    view: View,
    versions: Sequence[LayerVersion],
    zone: int,
    *,
    base: Sequence[LayerVersion] = (),
    marks: Sequence[Mark] = (),
) -> Drawn:
    """Draw layer versions into a rectangle of a page, with scale bar, north arrow and grid coordinates.

    The coordinates stand outside the frame (furniture.GRID_ROOM_PT). base is drawn pale below (base_versions);
    marks come on top. Only what is passed in is drawn: whoever calls decides what the reader may see. The
    fonts must be in use (fonts.use_fonts). Legend and sources are for the caller to place. Raises
    SourceUnavailable if an aerial image cannot be read.
    """
    window = Window(frame, view, zone)
    shown = [piece for version in versions if (piece := _piece(version, window)) is not None]
    below = [piece for version in base if (piece := _piece(version, window)) is not None]
    labels = Labels(frame)
    with apart(pdf):
        clip_to(pdf, frame)
        _draw_base(pdf, below, {piece.version.entry.id for piece in shown})
        for piece in shown:
            if piece.version.raster is not None:
                draw_photo(pdf, window, piece.version.entry.id, piece.version.raster)
        _draw_pieces(pdf, shown)
        _draw_marks(pdf, window, marks)
        labels.keep_free(frame.left + 50, frame.bottom + 17, 50)
        _place_names(labels, window, shown, below, marks)
        labels.draw(pdf)
        draw_scale(pdf, window)
        draw_north(pdf, window)
    draw_grid(pdf, window)
    with apart(pdf):
        pdf.setStrokeColor(black)
        pdf.setLineWidth(0.8)
        pdf.rect(frame.left, frame.bottom, frame.width, frame.height, stroke=1, fill=0)
    present = {piece.version.entry.id for piece in shown}
    used = {piece.version.entry.id: piece.version for piece in (*shown, *below)}
    return Drawn(
        window,
        (*_keys(shown), *_mark_keys(window, marks)),
        source_lines(used.values()),
        tuple(version.entry.title for version in versions if version.entry.id not in present),
    )


def base_versions(shelf: LayerShelf, person: Person) -> tuple[list[LayerVersion], list[str]]:
    """The layers of the base drawing that a person may see, and the titles of those that cannot be read.

    A layer that the town has never had is neither.
    """
    found, failed = [], []
    for layer_id in BASE:
        if layer_id not in shelf.catalogue or not may_see(person, shelf.catalogue.entry(layer_id)):
            continue
        try:
            found.append(shelf.current(layer_id))
        except SourceUnavailable as error:
            if error.reason != "never_imported":
                failed.append(shelf.catalogue.entry(layer_id).title)
    return found, failed


def source_lines(versions: Iterable[LayerVersion]) -> tuple[str, ...]:
    """出典 and 時点 as they stand under every drawing: a line for the layers that share both."""
    together: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for version in versions:
        as_of = say("map.as_of", date=version.as_of) if version.as_of else say("map.as_of_unknown")
        together[version.entry.attribution or say("map.source_unknown"), as_of].append(version.entry.title)
    return tuple(
        say("paper.source", titles="、".join(titles), source=source, as_of=as_of)
        for (source, as_of), titles in together.items()
    )


@dataclass(frozen=True)
class _Piece:
    """The part of a version that lies in a frame: shapes in points of the page, with their rows' positions."""

    version: LayerVersion
    window: Window
    at: NDArray[np.intp]
    shapes: Shapes
    styles: NDArray[np.object_]
    types: NDArray[np.integer] = field(repr=False)

    def rows(self, at: int) -> dict[str, object]:
        return self.version.index.records[int(self.at[at])]

    def styled(self, *types: shapely.GeometryType) -> Iterator[tuple[Style, Shapes]]:
        """Style by style, in the legend's order, the shapes of these types."""
        fitting = np.isin(self.types, types)
        for style in self.version.kind.styles:
            mine = self.shapes[fitting & (self.styles == style.key)]
            if len(mine):
                yield style, mine


_POINTS = (shapely.GeometryType.POINT, shapely.GeometryType.MULTIPOINT)
_LINES = (shapely.GeometryType.LINESTRING, shapely.GeometryType.MULTILINESTRING)
_AREAS = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


def _piece(version: LayerVersion, window: Window) -> _Piece | None:
    """None where the version has nothing in the frame."""
    index, kind = version.index, version.kind
    at = np.sort(index.plane_tree.query(shapely.box(*window.ground), predicate="intersects"))
    if not len(at):
        return None
    margin_m = 12 / window.pt_per_m  # so that cut edges and half signs lie outside the frame
    west, south, east, north = window.ground
    cut = shapely.clip_by_rect(
        index.plane[at], west - margin_m, south - margin_m, east + margin_m, north + margin_m
    )
    simple = shapely.simplify(cut, FINEST_MM / 1000 * window.view.denominator)
    on_paper = shapely.transform(simple, window.on_paper)
    kept = ~shapely.is_empty(on_paper)
    styles = np.array([kind.style_of(index.records[int(one)]) for one in at[kept]], dtype=object)
    return _Piece(version, window, at[kept], on_paper[kept], styles, shapely.get_type_id(on_paper[kept]))


def _draw_base(pdf: Canvas, pieces: Sequence[_Piece], shown: set[str]) -> None:
    by_kind = {piece.version.kind.id: piece for piece in pieces}
    if "boundary" in by_kind:
        town = Style("town", "", "#eef0e2", "#8a8577", 2, "8 5", "area")
        fill_areas(pdf, by_kind["boundary"].window.frame, rings_of(by_kind["boundary"].shapes), town, 1)
    if "zoning" in by_kind and "zoning" not in shown:
        with apart(pdf):
            pdf.setFillColor(hex_of("#e6e1d4"))
            pdf.setFillAlpha(0.7)
            pdf.drawPath(rings_path(rings_of(by_kind["zoning"].shapes)), stroke=0, fill=1, fillMode=1)
    if "river" in by_kind and "river" not in shown:
        water = Style("water", "", "#bcd9f0", "#8fb9dd", 1, "", "area")
        fill_areas(pdf, by_kind["river"].window.frame, rings_of(by_kind["river"].shapes), water, 1)
        draw_lines(pdf, lines_of_shapes(by_kind["river"].shapes), "#8fb9dd", 2.2)
    if "road_section" in by_kind and "road_section" not in shown:
        _draw_roads(pdf, by_kind["road_section"])


def _draw_roads(pdf: Canvas, piece: _Piece) -> None:
    wider = (10_000 / piece.window.view.denominator) ** 0.5
    roads = [
        (lines_of_shapes(shapes), *_ROADS.get(style.key, _OTHER_ROAD))
        for style, shapes in piece.styled(*_LINES)
    ]
    for lines, _, width in roads:  # every casing first, so that crossings are open
        draw_lines(pdf, lines, _CASING, max(width * wider, 0.4) + 0.8)
    for lines, colour, width in reversed(roads):  # and the weightier road above
        draw_lines(pdf, lines, colour, max(width * wider, 0.4))


def _draw_pieces(pdf: Canvas, pieces: Sequence[_Piece]) -> None:
    for piece in pieces:
        alpha = 0.0 if piece.version.kind.id in OUTLINES else AREA_ALPHA
        for style, shapes in piece.styled(*_AREAS, shapely.GeometryType.GEOMETRYCOLLECTION):
            fill_areas(pdf, piece.window.frame, rings_of(shapes), style, alpha)
    for piece in pieces:
        for style, shapes in piece.styled(*_LINES, shapely.GeometryType.GEOMETRYCOLLECTION):
            lines = lines_of_shapes(shapes)
            draw_lines(pdf, lines, style.stroke, max(style.weight_px * 0.75, 0.5), style.dash)
    for piece in pieces:
        for style, shapes in piece.styled(*_POINTS):
            for x, y in shapely.get_coordinates(shapes):
                disc(pdf, x, y, style, _radius(piece.window))


def _radius(window: Window) -> float:
    return 6.0 if window.view.denominator <= 10_000 else 4.6


def _draw_marks(pdf: Canvas, window: Window, marks: Sequence[Mark]) -> None:
    for mark in marks:
        x, y = window.at(mark.lon, mark.lat)
        with apart(pdf):
            if mark.style.key == PLACE.key:
                pdf.setStrokeColor(hex_of(PLACE.fill))
                pdf.setLineWidth(1.6)
                pdf.circle(x, y, 11, stroke=1, fill=0)
            disc(pdf, x, y, mark.style, _radius(window) + 1, mark.badge)


def _place_names(
    labels: Labels, window: Window, shown: Sequence[_Piece], below: Sequence[_Piece], marks: Sequence[Mark]
) -> None:
    radius = _radius(window)
    for mark in marks:
        labels.keep_free(*window.at(mark.lon, mark.lat), radius + 1)
    for piece in shown:
        for _, shapes in piece.styled(*_POINTS):
            for x, y in shapely.get_coordinates(shapes):
                labels.keep_free(x, y, radius)
    labels.place(
        name_beside(mark.text, *window.at(mark.lon, mark.lat), radius + 5, bold=True, colour="#b00000")
        for mark in marks
        if mark.text
    )
    for names in (_sign_names, _area_names, _line_names):
        for piece in shown:
            labels.place(names(piece))
    if window.view.denominator <= _NAMED_FROM:
        drawn = {piece.version.entry.id for piece in shown}
        for piece in below:
            if piece.version.entry.id not in drawn:
                labels.place(_sign_names(piece, colour="#4a4436"))


def _sign_names(piece: _Piece, colour: str = "#1a1a1c") -> Iterator[Name]:
    named = np.flatnonzero(np.isin(piece.types, _POINTS))[:_NAMES_OF_A_LAYER]
    for at in named:
        row = piece.rows(int(at))
        if row.get("name"):
            x, y = shapely.get_coordinates(piece.shapes[at])[0]
            yield name_beside(piece.version.kind.title_of(row), x, y, _radius(piece.window), colour=colour)


def _area_names(piece: _Piece) -> Iterator[Name]:
    found = np.flatnonzero(np.isin(piece.types, _AREAS))
    larger_first = found[np.argsort(-shapely.area(piece.shapes[found]), kind="stable")][:_NAMES_OF_A_LAYER]
    for at in larger_first:
        text = piece.version.kind.label_of(piece.rows(int(at)))
        name = name_in(text, _seen(piece, int(at))) if text else None
        if name is not None:
            yield name


def _line_names(piece: _Piece) -> Iterator[Name]:
    found = np.flatnonzero(np.isin(piece.types, _LINES))
    longer_first = found[np.argsort(-shapely.length(piece.shapes[found]), kind="stable")][:_NAMES_OF_A_LAYER]
    for at in longer_first:
        text = piece.version.kind.label_of(piece.rows(int(at)))
        seen = max(shapely.get_parts(_seen(piece, int(at))), key=shapely.length, default=None)
        if text and seen is not None and seen.geom_type == "LineString":
            name = name_along(text, shapely.get_coordinates(seen))
            if name is not None:
                yield name


def _seen(piece: _Piece, at: int) -> shapely.Geometry:
    """The part of a shape inside the frame."""
    frame = piece.window.frame
    return shapely.clip_by_rect(piece.shapes[at], frame.left, frame.bottom, frame.right, frame.top)


def _keys(pieces: Sequence[_Piece]) -> list[Key]:
    """The legend of what can be seen; a layer of one style needs no heading."""
    keys: list[Key] = []
    for piece in pieces:
        title, outline = piece.version.entry.title, piece.version.kind.id in OUTLINES
        styles = [style for style in piece.version.kind.styles if (piece.styles == style.key).any()]
        styles = [replace(style, fill="#FFFFFF") if outline else style for style in styles]
        if len(styles) == 1:
            text = styles[0].text_ja
            keys.append(Key(text if text.startswith(title) else f"{title}：{text}", styles[0]))
        else:
            keys += [Key(title), *(Key(style.text_ja, style) for style in styles)]
    return keys


def _mark_keys(window: Window, marks: Sequence[Mark]) -> list[Key]:
    seen = {
        mark.style.key: (replace(mark.style, letter="") if mark.badge else mark.style, mark.badge)
        for mark in marks
        if mark.style.text_ja and window.shows(mark.lon, mark.lat)
    }
    return [Key(style.text_ja, style, badge) for style, badge in reversed(seen.values())]
