"""The town's equipment and the reports about it: which street light, mirror, station or manhole is meant."""

from __future__ import annotations

from dataclasses import dataclass

import shapely

from gisapp.flows.category_words import category_name
from gisapp.flows.describe import day
from gisapp.flows.desk.reading import may_read
from gisapp.flows.equipment import LIKELY, is_equipment
from gisapp.person import Person, Right, may, may_see
from gisapp.words import say
from layers.errors import LayersError
from layers.spatial import Feature, feature_at, nearest
from layers.versions import LayerShelf
from reports_store import Asset, Categories, Report, ReportStore
from reports_store.workflow import PUBLIC_STATE

WITHIN_M = 50.0
PER_LAYER, OFFERED, SHOWN, MANY = 4, 8, 10, 500


@dataclass(frozen=True, slots=True)
class AssetShown:
    """One feature a report may be about. distance_m is metres from the report, None where it was not asked;
    found is False for one that is no longer in its layer.
    """

    asset: Asset
    layer: str
    title: str
    lon: float | None = None
    lat: float | None = None
    distance_m: float | None = None
    found: bool = True

    @property
    def key(self) -> str:
        """layer:feature, as it stands in addresses and forms."""
        return f"{self.asset.layer}:{self.asset.feature_id}"


@dataclass(frozen=True, slots=True)
class AssetReport:
    """A report about a feature, in words for whoever asks; link leads to where they may read it."""

    number: str
    date: str
    category: str
    state: str
    state_name: str
    link: str


def asset_of(text: str) -> Asset | None:
    """The feature that layer:feature names; None for what cannot be one."""
    layer, colon, feature_id = text[:400].partition(":")
    if not (colon and layer and feature_id) or not (layer.isprintable() and feature_id.isprintable()):
        return None
    return Asset(layer, feature_id) if max(len(layer), len(feature_id)) <= 200 else None


def known_asset(asset: Asset | None, person: Person, layers: LayerShelf) -> Asset | None:
    """The feature if the person may see it and it is there; None otherwise, without saying which."""
    shown = None if asset is None else asset_shown(asset, person, layers)
    return asset if shown is not None and shown.found else None


def asset_at(asset: Asset | None, lon: float, lat: float, person: Person, layers: LayerShelf) -> Asset | None:
    """The feature if it lies where the report does; who has chosen another place means another thing."""
    if known_asset(asset, person, layers) is None or asset is None:
        return None
    hits = nearest(layers.current(asset.layer), lon, lat, WITHIN_M * 2, MANY)
    return asset if any(hit.feature.id == asset.feature_id for hit in hits) else None


def asset_shown(asset: Asset, person: Person, layers: LayerShelf) -> AssetShown | None:
    """A feature in words. None for a layer that the person may not see or that holds no equipment."""
    if asset.layer not in layers.catalogue:
        return None
    entry = layers.catalogue.entry(asset.layer)
    if not is_equipment(entry.id, entry.kind) or not may_see(person, entry):
        return None
    feature = _feature(asset, layers)
    if feature is None:
        return AssetShown(asset, entry.title, asset.feature_id, found=False)
    lon, lat = _middle(feature)
    return AssetShown(asset, entry.title, feature.title, lon, lat)


def near_assets(
    lon: float, lat: float, category: str, person: Person, layers: LayerShelf
) -> list[AssetShown]:
    """The features within 50 m of a place (degrees), those that its kind of report is mostly about first.

    A layer that cannot be read offers nothing.
    """
    likely = LIKELY.get(category, ())
    found: list[tuple[bool, float, AssetShown]] = []
    for entry in layers.catalogue:
        if not is_equipment(entry.id, entry.kind) or not may_see(person, entry):
            continue
        try:
            hits = nearest(layers.current(entry.id), lon, lat, WITHIN_M, PER_LAYER)
        except LayersError:
            continue
        for hit in hits:
            middle = _middle(hit.feature)
            shown = AssetShown(
                Asset(entry.id, hit.feature.id), entry.title, hit.feature.title, *middle, hit.distance_m
            )
            found.append(({entry.id, entry.kind}.isdisjoint(likely), hit.distance_m, shown))
    return [shown for *_, shown in sorted(found, key=lambda one: one[:2])][:OFFERED]


def public_history(asset: Asset, reports: ReportStore, categories: Categories) -> list[AssetReport]:
    """The public reports about a feature, newest first."""
    return [
        _line(one, categories, f"/map/r/{one.public_id}")
        for one in reports.of_asset(asset, SHOWN * 3)
        if _is_public(one, categories)
    ][:SHOWN]


def desk_history(
    asset: Asset, person: Person, reports: ReportStore, categories: Categories
) -> list[AssetReport]:
    """The reports about a feature that a person of the town hall may see, newest first."""
    found = [one for one in reports.of_asset(asset, SHOWN * 3) if may_read(person, one, categories)]
    return [_line(one, categories, f"/desk/r/{one.public_id}") for one in found][:SHOWN]


def seen_history(
    asset: Asset, person: Person, reports: ReportStore, categories: Categories
) -> list[AssetReport]:
    """The history of a feature as somebody may see it: residents what is public, the town hall what is theirs."""
    if may(person, Right.READ):
        return desk_history(asset, person, reports, categories)
    return public_history(asset, reports, categories)


def _is_public(report: Report, categories: Categories) -> bool:
    return report.visibility.value == "public" and not categories.hides(report.category)


def _line(report: Report, categories: Categories, link: str) -> AssetReport:
    state = PUBLIC_STATE[report.status]
    name = category_name(categories[report.category]) if report.category in categories else report.category
    return AssetReport(
        report.public_id,
        day(report.received_at),
        name,
        state.value,
        say(f"report.status.{report.status}"),
        link,
    )


def _feature(asset: Asset, layers: LayerShelf) -> Feature | None:
    try:
        version = layers.current(asset.layer)
    except LayersError:
        return None
    at = version.index.position(asset.feature_id)
    return None if at is None else feature_at(version, at)


def _middle(feature: Feature) -> tuple[float, float]:
    point = shapely.point_on_surface(feature.geometry)
    return round(float(point.x), 7), round(float(point.y), 7)
