"""A printed map as a clerk holds it: true to scale, fully sourced, and showing only what was asked for."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pypdfium2
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from gisapp.paper.drawing import PLACE, Drawn, Mark, base_versions, draw_map
from gisapp.paper.fonts import (
    BOLD,
    REGULAR,
    FontsMissing,
    lines_of,
    printable,
    shortened,
    use_fonts,
    width_pt,
)
from gisapp.paper.furniture import Key, draw_legend, length_text, round_length
from gisapp.paper.map_sheet import ORIENTATIONS, PAPERS_MM, Contents, Layout, frame_sizes_mm, map_sheet
from gisapp.paper.view import PT_PER_MM, Frame, View, Window
from gisapp.person import ANYONE
from gisapp.profile import TownProfile
from layers.box import Box
from layers.catalogue import Catalogue, Entry
from layers.crs import easting_northing, to_lonlat
from layers.errors import SourceUnavailable
from layers.kinds import Style
from layers.versions import LayerShelf, LayerVersion
from tests.conftest import ROOT

ZONE = 6675
LON, LAT = 137.05, 35.64
ASSETS = ROOT / "node_modules"
NOON = datetime(2026, 4, 1, 3, tzinfo=UTC)
TOWN = TownProfile("見本町", "219999", "岐阜県", ZONE, (137.0, 35.6, 137.1, 35.7), sample=True)
DPI = 120
RED = Style("red", "", "#ff0000", "#ff0000")
Keep = Callable[..., LayerVersion]


def entry(layer_id: str, kind: str, **changes: object) -> Entry:
    about = {"title": layer_id, "theme": "", "department": "総務課", "visibility": "public", "licence": "CC0"}
    return Entry(id=layer_id, kind=kind, **{**about, "attribution": "見本町", **changes})  # type: ignore[arg-type]


@pytest.fixture
def keep(tmp_path: Path) -> Iterator[Keep]:
    """Puts shapes (degrees) on a shelf as a layer and hands back the version."""

    def kept(
        layer_id: str,
        kind: str,
        shapes: list[shapely.Geometry],
        as_of: date | None = None,
        **columns: list[object],
    ) -> LayerVersion:
        shelf = LayerShelf(tmp_path, Catalogue({layer_id: entry(layer_id, kind)}), ZONE)
        frame = gpd.GeoDataFrame(
            {"feature_id": [str(at) for at in range(len(shapes))], **columns}, geometry=shapes, crs=4326
        )
        return shelf.add(
            layer_id, frame, reader="test", source_name="t", source_sha256="0", by="t", at=NOON, as_of=as_of
        )

    yield kept


def square(east_m: float, north_m: float, side_m: float) -> shapely.Polygon:
    """A square on the ground, its lower left corner so many metres from the middle of the tests' town."""
    easting, northing = easting_northing(LON, LAT, ZONE)
    left, bottom = easting + east_m, northing + north_m
    return to_lonlat(shapely.box(left, bottom, left + side_m, bottom + side_m), ZONE)


def drawn(
    versions: list[LayerVersion], view: View, *, marks: list[Mark] | None = None
) -> tuple[Drawn, bytes]:
    use_fonts(ASSETS)
    buffer = io.BytesIO()
    pdf = Canvas(buffer, pagesize=(595, 842))
    found = draw_map(pdf, Frame(40, 200, 500, 560), view, versions, ZONE, marks=marks or [])
    pdf.showPage()
    pdf.save()
    return found, buffer.getvalue()


def picture(pdf: bytes, page: int = 0, dpi: float = DPI) -> np.ndarray:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return np.asarray(document[page].render(scale=dpi / 72).to_pil().convert("RGB")).astype(int)
    finally:
        document.close()


def words(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()


def middle_of(pixels: np.ndarray, red: int, green: int, blue: int) -> np.ndarray:
    """The middle of all pixels of a pure colour, as (x, y)."""
    wanted = np.abs(pixels - np.array([red, green, blue])).max(axis=2) < 40
    rows, columns = np.nonzero(wanted)
    assert len(rows) > 5, "nothing of this colour was printed"
    return np.array([columns.mean(), rows.mean()])


@pytest.mark.parametrize(("denominator", "east", "north"), [(500, 1, 0), (2500, 0, 1), (10_000, 0.6, 0.8)])
def test_a_length_on_paper_is_the_length_on_the_ground_by_the_scale(
    denominator: int, east: float, north: float
) -> None:
    away_mm = 60.0
    away_m = away_mm * denominator / 1000
    easting, northing = easting_northing(LON, LAT, ZONE)
    other = to_lonlat(shapely.points(easting + away_m * east, northing + away_m * north), ZONE)
    blue = Style("blue", "", "#0000ff", "#0000ff")
    marks = [Mark(LON, LAT, RED), Mark(other.x, other.y, blue)]

    _, pdf = drawn([], View(LON, LAT, denominator), marks=marks)

    pixels = picture(pdf)
    moved = middle_of(pixels, 0, 0, 255) - middle_of(pixels, 255, 0, 0)
    on_paper_mm = np.hypot(*moved) / DPI * 25.4
    assert on_paper_mm == pytest.approx(away_mm, rel=0.005)
    assert moved[0] / np.hypot(*moved) == pytest.approx(east, abs=0.01)
    assert -moved[1] / np.hypot(*moved) == pytest.approx(north, abs=0.01)


def test_a_box_is_fitted_at_the_next_round_scale() -> None:
    frame = Frame(0, 0, 180 * PT_PER_MM, 200 * PT_PER_MM)
    west, south, east, north = square(0, 0, 800).bounds

    view = View.fitting(Box(west, south, east, north), frame, ZONE)

    assert view.denominator == 5000
    seen = Window(frame, view, ZONE).box
    assert seen.west < west < east < seen.east
    assert seen.south < south < north < seen.north


def test_a_hazard_is_told_by_its_pattern_and_not_by_its_colour_alone(keep: Keep) -> None:
    zones = [square(-100, -50, 90), square(10, -50, 90)]
    version = keep("flood_zone", "flood_zone", zones, depth_rank=[2, 3])

    found, pdf = drawn([version], View(LON, LAT, 2500))

    pixels = picture(pdf)
    height, width, _ = pixels.shape
    middle_x, middle_y = (40 + 250) / 595 * width, (842 - 480) / 842 * height
    for east in (-55, 55):  # metres: the middles of the two squares, clear of their outlines
        x, y = int(middle_x + east / 2.5 / 25.4 * DPI), int(middle_y + 5 / 2.5 / 25.4 * DPI)
        inside = pixels[y - 24 : y + 24, x - 24 : x + 24].reshape(-1, 3)
        assert len({tuple(colour) for colour in inside}) > 5, "one flat colour"
    assert [key.style.letter for key in found.legend if key.style] == ["2", "3"]


def test_the_legend_names_only_what_lies_in_the_frame(keep: Keep) -> None:
    zones = [square(0, 0, 50), square(20_000, 0, 50)]
    flood = keep("flood_zone", "flood_zone", zones, depth_rank=[1, 6])
    far = keep("aed", "aed", [shapely.Point(LON + 0.5, LAT)], name=["遠い役場"])

    found, pdf = drawn([flood, far], View(LON, LAT, 2500))

    assert [key.style.key for key in found.legend if key.style] == ["depth_1"]
    assert found.absent == ("aed",)
    assert "遠い役場" not in words(pdf)


def test_every_layer_carries_its_source_and_date_and_an_unknown_date_is_said(keep: Keep) -> None:
    known = keep("aed", "aed", [shapely.Point(LON, LAT)], as_of=date(2026, 4, 1), name=["役場"])
    unknown = keep("hydrant", "hydrant", [shapely.Point(LON, LAT + 0.001)])

    found, _ = drawn([known, unknown], View(LON, LAT, 5000))

    assert found.sources == ("aed：出典 見本町（2026-04-01 時点）", "hydrant：出典 見本町（時点不明）")


def test_names_do_not_cover_one_another_and_one_place_is_named_once(keep: Keep) -> None:
    step = 0.00001  # about a metre: on paper all signs lie on one spot
    crowd = [shapely.Point(LON + at * step, LAT) for at in range(30)]
    version = keep("aed", "aed", crowd, name=[f"第{at}集会所" for at in range(30)])
    twice = keep("shelter", "shelter", [shapely.Point(LON, LAT)], name=["第0集会所"])

    _, pdf = drawn([version, twice], View(LON, LAT, 5000))

    text = words(pdf)
    assert text.count("第0集会所") == 1
    assert 1 <= text.count("集会所") <= 8


def test_what_lies_outside_the_frame_is_not_printed(keep: Keep) -> None:
    version = keep("flood_zone", "flood_zone", [square(-5000, -5000, 10_000)], depth_rank=[6])

    _, pdf = drawn([version], View(LON, LAT, 2500))

    pixels = picture(pdf, dpi=100)
    below = pixels[int((842 - 180) / 842 * len(pixels)) :]
    assert below.min() == 255


def test_a_hole_in_an_area_stays_open(keep: Keep) -> None:
    ring, hole = square(-200, -200, 400), square(-50, -50, 100)
    version = keep("flood_zone", "flood_zone", [shapely.difference(ring, hole)], depth_rank=[5])

    _, pdf = drawn([version], View(LON, LAT, 5000))

    pixels = picture(pdf, dpi=144)
    x, y = ((40 + 250) * 2), ((842 - 480) * 2)
    assert pixels[y - 10 : y + 10, x - 10 : x + 10].min() > 250
    assert pixels[y - 10 : y + 10, x + 60 : x + 80].min() < 240


def test_an_aerial_image_is_printed_where_it_was_taken(keep: Keep, tmp_path: Path) -> None:
    easting, northing = easting_northing(LON, LAT, ZONE)
    photo = tmp_path / "photo.tif"
    colours = np.zeros((3, 100, 100), np.uint8)
    colours[0, :, :50] = 255  # red in the west, blue in the east
    colours[2, :, 50:] = 255
    about = {
        "driver": "GTiff",
        "width": 100,
        "height": 100,
        "count": 3,
        "dtype": "uint8",
        "crs": f"EPSG:{ZONE}",
    }
    with rasterio.open(photo, "w", transform=from_origin(easting - 50, northing + 50, 1, 1), **about) as file:
        file.write(colours)
    version = replace(
        keep("aerial_image", "aerial_image", [square(-50, -50, 100)], name=["上空"]), raster=photo
    )

    _, pdf = drawn([version], View(LON, LAT, 1000))

    pixels = picture(pdf)
    west, east = middle_of(pixels, 255, 0, 0), middle_of(pixels, 0, 0, 255)
    assert (east - west)[0] / DPI * 25.4 == pytest.approx(50, abs=1)
    assert (west + east)[1] / 2 == pytest.approx((842 - 480) / 72 * DPI, abs=2)


def test_an_aerial_image_that_cannot_be_read_is_not_left_out_in_silence(keep: Keep, tmp_path: Path) -> None:
    version = replace(
        keep("aerial_image", "aerial_image", [square(-50, -50, 100)]), raster=tmp_path / "gone.tif"
    )
    with pytest.raises(SourceUnavailable):
        drawn([version], View(LON, LAT, 1000))


def test_thousands_of_zones_are_thinned_to_what_paper_can_show(keep: Keep) -> None:
    rng = np.random.default_rng(7)
    angles = np.linspace(0, 2 * np.pi, 201)[:-1]
    zones = []
    for east, north in rng.uniform(-2500, 2500, (5000, 2)):
        easting, northing = easting_northing(LON, LAT, ZONE)
        radius = 30 + rng.uniform(-0.5, 0.5, 200)
        ring = np.column_stack(
            [easting + east + radius * np.cos(angles), northing + north + radius * np.sin(angles)]
        )
        zones.append(shapely.Polygon(ring))
    shapes = list(to_lonlat(np.array(zones), ZONE))
    version = keep("flood_zone", "flood_zone", shapes, depth_rank=[1 + at % 6 for at in range(5000)])

    _, pdf = drawn([version], View(LON, LAT, 25_000))

    assert len(pdf) < 2_500_000  # a million corners would be 14 MB
    assert picture(pdf, dpi=60).min() < 200


def test_the_sheet_says_town_scale_date_and_that_the_town_is_a_sample(keep: Keep) -> None:
    version = keep("flood_zone", "flood_zone", [square(0, 0, 50)], as_of=date(2026, 4, 1), depth_rank=[1])
    contents = Contents("防災 <b>{{ 7*191 }}</b>", [version], unread=["水道管"])

    pdf = map_sheet(contents, View(LON, LAT, 2500), Layout("A4", "portrait"), TOWN, ASSETS, NOON)

    text = words(pdf)
    for part in ("防災 <b>{{ 7*191 }}</b>", "縮尺 1:2,500", "2026-04-01 12:00 印刷", "見本町", "見本", "北", "凡例",
                 "出典 見本町（2026-04-01 時点）", "平面直角座標系 第7系", "安全という意味ではありません", "水道管"):  # fmt: skip
        assert part in text.replace("\r\n", "\n"), part


def test_a_legend_too_long_for_the_sheet_goes_on_overleaf(keep: Keep) -> None:
    title = "とても長い名前のレイヤー" * 40
    contents = Contents("長い", [], unread=[title] * 30)

    pdf = map_sheet(contents, View(LON, LAT, 2500), Layout("A4", "landscape"), TOWN, ASSETS, NOON)

    document = pypdfium2.PdfDocument(pdf)
    assert len(document) > 1
    document.close()
    assert "つづき" in words(pdf)


@pytest.mark.parametrize("paper", PAPERS_MM)
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_map_and_legend_stand_apart_on_every_paper(paper: str, orientation: str) -> None:
    layout = Layout(paper, orientation)
    width, height = layout.size
    ground, beside = layout.map, layout.beside

    assert ground.right <= width and ground.top <= height
    assert beside.top < ground.bottom or beside.left > ground.right
    wide_mm, high_mm = frame_sizes_mm()[paper][orientation]
    assert wide_mm * high_mm > 0.5 * PAPERS_MM[paper][0] * PAPERS_MM[paper][1]


def test_a_legend_hands_back_what_found_no_room() -> None:
    use_fonts(ASSETS)
    keys = [Key("題", None), *(Key(f"種{at}", RED) for at in range(9))]

    left, lowest = draw_legend(Canvas(io.BytesIO()), Frame(0, 100, 200, 60), keys)

    assert [key.text for key in left] == [f"種{at}" for at in range(3, 9)]
    assert lowest >= 100


def test_the_base_drawing_leaves_out_what_a_resident_may_not_see(tmp_path: Path) -> None:
    hidden = entry("road_section", "road_section", visibility="internal")
    shelf = LayerShelf(tmp_path, Catalogue({"road_section": hidden}), ZONE)

    assert base_versions(shelf, ANYONE) == ([], [])


def test_missing_fonts_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdfmetrics, "getRegisteredFontNames", list)
    with pytest.raises(FontsMissing, match="npm ci"):
        use_fonts(tmp_path)


def test_letters_that_the_font_lacks_are_shown_as_missing() -> None:
    use_fonts(ASSETS)
    assert printable("髙﨑𠮷\n①👷") == "髙﨑𠮷 ①〓"
    assert shortened("あ" * 99, BOLD, 10, 100).endswith("…")
    assert all(width_pt(line, REGULAR, 8) <= 90 for line in lines_of("町" * 50, REGULAR, 8, 90))
    assert not any(line.startswith("、") for line in lines_of("町、" * 50, REGULAR, 8, 90))


def test_scale_bars_carry_round_lengths() -> None:
    assert [round_length(one) for one in (1, 19, 40, 99, 400, 1000)] == [1, 10, 20, 50, 200, 1000]
    assert [length_text(50), length_text(100, last=True), length_text(2000)] == ["50", "100m", "2km"]


def test_a_place_is_marked_and_named() -> None:
    _, pdf = drawn([], View(LON, LAT, 2500), marks=[Mark(LON, LAT, PLACE, "ここ")])

    assert "ここ" in words(pdf)
    pixels = picture(pdf, dpi=144)
    assert np.allclose(middle_of(pixels, 0xD3, 0x30, 0x2F), [580, 724], atol=6)
