"""What is known of each of the eight hazards at a place: scenario by scenario, and where to flee."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from weakref import WeakKeyDictionary

from gisapp.flows.enquire.asking import Seen
from gisapp.flows.enquire.karte import Answer, Hazard, HazardLine, Known, Refuge
from gisapp.flows.enquire.questions import TOLD_WITH, ZONES
from layers.kinds import HAZARDS, Row, kind_of
from layers.versions import LayerVersion

NEVER = "never_imported"
DEPTH, DURATION, COLLAPSE = "浸水の深さ", "浸水が続く時間", "家屋倒壊等氾濫想定区域"
# 水防法 第14条 has rivers published with these; where a town has none of one, that is not known.
FLOOD_FACETS = (f"{DEPTH}（想定最大規模）", f"{DEPTH}（計画規模）", DURATION, COLLAPSE)
_facets: WeakKeyDictionary[LayerVersion, tuple[tuple[str, ...], dict[str, tuple[str, ...]]]] = (
    WeakKeyDictionary()
)


def hazards(
    seen: Sequence[Seen], answers: Sequence[Answer], refuge_of: Mapping[str, Refuge]
) -> tuple[Hazard, ...]:
    """The eight hazards from the answers of the layers that tell of them.

    A hazard is found if any zone of it holds the place; it is none only if every layer there is of it was
    read and holds the place in no zone; otherwise it is unknown.
    """
    versions = {one.entry.id: one.version for one in seen if one.version is not None}
    found = []
    for hazard, title in HAZARDS.items():
        lines = [line for kind in ZONES[hazard] for line in _lines(kind, answers, versions)]
        told = [line for kind in TOLD_WITH.get(hazard, ()) for line in _lines(kind, answers, versions)]
        found.append(Hazard(hazard, title, _known(lines), (*lines, *told), refuge_of[hazard]))
    return tuple(found)


def _known(lines: Sequence[HazardLine]) -> Known:
    if any(line.known is Known.FOUND for line in lines):
        return Known.FOUND
    # a layer that this town never had does not unsay what another one says; one that cannot be read does
    present = [line for line in lines if line.reason != NEVER]
    if present and all(line.known is Known.NONE for line in present):
        return Known.NONE
    return Known.UNKNOWN


def _lines(
    kind: str, answers: Sequence[Answer], versions: Mapping[str, LayerVersion]
) -> Iterator[HazardLine]:
    ours = [answer for answer in answers if answer.source.kind == kind]
    read = [answer for answer in ours if answer.source.layer_id in versions]
    if not ours:
        yield HazardLine(kind_of(kind).title, None, Known.UNKNOWN, reason=NEVER)
    if kind != "flood_zone" or not read:
        for answer in ours:
            yield HazardLine(answer.source.title, answer.source, answer.known, answer.findings, answer.reason)
        return
    covered: set[str] = set()
    for answer in read:
        facets, facets_of = _stated(versions[answer.source.layer_id])
        covered.update(facets)
        for facet in facets:
            yield _facet_line(facet, answer, facets_of)
    for answer in ours:
        if answer not in read and answer.reason != NEVER:
            yield HazardLine(answer.source.title, answer.source, answer.known, (), answer.reason)
    for facet in FLOOD_FACETS:
        if facet not in covered:
            yield HazardLine(facet, None, Known.UNKNOWN, reason=NEVER)


def _facet_line(facet: str, answer: Answer, facets_of: Mapping[str, tuple[str, ...]]) -> HazardLine:
    stating = tuple(one for one in answer.findings if facet in facets_of.get(one.feature_id, ()))
    if stating:
        return HazardLine(facet, answer.source, Known.FOUND, stating)
    # another facet may have been found here; of this one the layer says that the place is in no zone of it
    known = Known.NONE if answer.known is Known.FOUND else answer.known
    return HazardLine(facet, answer.source, known, (), answer.reason)


def _stated(version: LayerVersion) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """The facets that a flood layer states at all, and those of each of its features; kept with the version."""
    if version not in _facets:
        of = {row["feature_id"]: tuple(_facets_of(row)) for row in version.index.records}
        present = {facet for facets in of.values() for facet in facets}
        known = [facet for facet in FLOOD_FACETS if facet in present]
        _facets[version] = ((*known, *sorted(present - set(known))), of)
    return _facets[version]


def _facets_of(row: Row) -> Iterator[str]:
    if row.get("depth_rank") is not None:
        yield f"{DEPTH}（{row.get('scenario') or '想定する雨は不明'}）"
    if row.get("duration_rank") is not None:
        yield DURATION
    if row.get("collapse"):
        yield COLLAPSE
