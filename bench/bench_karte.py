"""How fast is one 地点カルテ: every sample layer and 5,000 flood polygons of 200 corners, against gpd.sjoin per layer.

    python bench/bench_karte.py [zones] [corners] [places]

Prints the median and the 95th percentile of one karte, warm, and how long geopandas takes for the same layers one
after another in the same run. Stops with status 1 if the median misses 20 ms or the flood zones found differ.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from gisapp.flows.enquire import Karte, Spot, enquire
from gisapp.flows.plant_sample import plant_layers
from gisapp.person import Person, Role
from gisapp.profile import TownProfile
from gisapp.sample import build
from layers.catalogue import Catalogue
from layers.crs import to_lonlat, to_plane
from layers.spatial import containing
from layers.versions import LayerShelf
from reports_store import Categories, ReportStore

GOAL_MS = 20.0
CLERK = Person("bench", "bench", "総務課", frozenset({Role.ADMIN}))


def main(zones: int = 5000, corners: int = 200, places: int = 300) -> int:
    with tempfile.TemporaryDirectory() as folder:
        return _measured(Path(folder), zones, corners, places)


def _measured(folder: Path, zones: int, corners: int, places: int) -> int:
    sample = build()
    profile = TownProfile(
        sample.profile["name"],
        sample.profile["code"],
        "21",
        sample.profile["zone"],
        tuple(sample.profile["bounds"]),
    )
    layers = LayerShelf(folder / "layers", Catalogue.load(), profile.zone)
    plant_layers(sample, layers)
    _flood(layers, profile, zones, corners)
    rng = np.random.default_rng(3)
    west, south, east, north = profile.bounds
    spots = [Spot(*xy) for xy in rng.uniform((west, south), (east, north), (places, 2)).tolist()]
    with ReportStore.open(folder / "reports.sqlite") as reports:
        categories = Categories.load()

        def ask(spot: Spot) -> Karte:
            return enquire(spot, CLERK, layers, reports, categories, profile, datetime.now(UTC))

        started = time.perf_counter()
        ask(spots[0])
        print(f"first karte of a process (all indexes): {time.perf_counter() - started:.2f} s")
        ours = _times(ask, spots)
    states = [state for state in layers.listing() if state.ok]
    frames = {state.id: layers.current(state.id).frame for state in states}
    plane = {name: to_plane(frame, profile.zone) for name, frame in frames.items()}
    theirs = _times(lambda spot: _joined(spot, frames, plane, profile.zone), spots[:20])
    rows = sum(state.rows or 0 for state in states)
    p50, p95 = np.percentile(ours, [50, 95])
    print(f"{len(states)} layers, {rows} features, of them {zones} flood zones of {corners} corners")
    print(f"karte       p50 {p50:8.2f} ms   p95 {p95:8.2f} ms   (goal: p50 <= {GOAL_MS:g} ms)")
    print(f"gpd.sjoin   p50 {np.median(theirs):8.2f} ms   {np.median(theirs) / p50:.1f} times as long")
    same = all(_same(spot, layers, frames["flood_zone"]) for spot in spots[:50])
    return 0 if same and p50 <= GOAL_MS else 1


def _flood(layers: LayerShelf, profile: TownProfile, zones: int, corners: int) -> None:
    """Irregular zones all over the town, deeper ones smaller, about six of them over any place."""
    rng = np.random.default_rng(1)
    west, south, east, north = to_plane(shapely.box(*profile.bounds), profile.zone).bounds
    middles = rng.uniform((west, south), (east, north), (zones, 2))
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    radii = rng.uniform(60, 170, (zones, 1)) * (1 + 0.2 * rng.random((zones, corners)))
    rings = np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=2) + middles[:, None]
    columns = {
        "feature_id": [f"zone-{n}" for n in range(zones)],
        "depth_rank": rng.integers(1, 7, zones),
        "scenario": rng.choice(["想定最大規模", "計画規模"], zones),
    }
    shapes = to_lonlat(shapely.polygons(rings), profile.zone)
    frame = gpd.GeoDataFrame(columns, geometry=shapes, crs=4326)
    layers.add(
        "flood_zone", frame, reader="bench", source_name="-", source_sha256="-", by="bench",
        at=datetime.now(UTC), as_of=None,
    )  # fmt: skip


def _joined(
    spot: Spot, frames: dict[str, gpd.GeoDataFrame], plane: dict[str, gpd.GeoDataFrame], zone: int
) -> None:
    """The least that geopandas has to do for the same answer: a join per layer, near ones in the plane zone."""
    place = gpd.GeoDataFrame(geometry=[shapely.Point(spot.lon, spot.lat)], crs=4326)
    on_plane = place.to_crs(zone)
    for name, frame in frames.items():
        if (frame.geom_type.str.contains("Polygon")).all():
            gpd.sjoin(place, frame, predicate="intersects")
        else:
            gpd.sjoin_nearest(on_plane, plane[name], max_distance=3000, distance_col="away")


def _same(spot: Spot, layers: LayerShelf, flood: gpd.GeoDataFrame) -> bool:
    place = gpd.GeoDataFrame(geometry=[shapely.Point(spot.lon, spot.lat)], crs=4326)
    joined = set(gpd.sjoin(place, flood, predicate="intersects")["feature_id"])
    return joined == {zone.id for zone in containing(layers.current("flood_zone"), spot.lon, spot.lat)}


def _times(ask: Callable[[Spot], object], spots: list[Spot]) -> list[float]:
    """Milliseconds for each place; the first round, unmeasured, warms whatever keeps what it has seen."""
    for spot in spots[:10]:
        ask(spot)
    found = []
    for spot in spots:
        started = time.perf_counter()
        ask(spot)
        found.append((time.perf_counter() - started) * 1000)
    return found


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
