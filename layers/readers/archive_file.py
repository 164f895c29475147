"""A ZIP as a table: which of its files is the map, and which of several.

What several files say alike (a 国土数値情報 ZIP holds Shapefile, GeoJSON and GML of one content) is taken once, in
the format that keeps most of it. Of a pair of areas and lines the kind of layer decides. What remains is a person's
choice: it is asked for, with the names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from layers.errors import Fault, Grade, UnreadableFile
from layers.exported import ABOUT_FILE, COLUMNS_FILE, LOSSES_FILE
from layers.limits import MAX_BYTES
from layers.readers.archive import Member, unpacked
from layers.readers.asked import Asked
from layers.readers.own_zip import own_zip_table
from layers.readers.shapefile import PARTS, base_type, shapefile_table
from layers.readers.sniff import READABLE, format_of
from layers.readers.table import Table, refusal

Open = Callable[[Path, str, Asked], Table]
# The best first: what keeps long names, types and all letters.
_RANK = (
    "gpkg",
    "geojson",
    "flatgeobuf",
    "geoparquet",
    "shapefile",
    "kml",
    "gpx",
    "dxf",
    "geotiff",
    "gml",
    "xlsx",
    "csv",
)
_TABLES = frozenset({"xlsx", "csv"})
_TABLE_NAMES = (
    ".csv",
    ".tsv",
    ".txt",
    ".xlsx",
)  # any text passes for CSV: among other files the name decides
# What lies beside the map: leavings of a system, descriptions.
_BESIDE = re.compile(
    r"(^|/)(__MACOSX|\.DS_Store|Thumbs\.db|KS-META|\._)|(readme|license|licence|メタデータ|meta)[^/]*\.(txt|csv|xml)$",
    re.I,
)
_SHAPE_WORD = re.compile(r"[-_ ]*(polygon|line(?:string)?|point|ポリゴン|ライン|ポイント|面|線|点)s?$", re.I)
_FORMAT_FOLDER = re.compile(
    r"utf-?8|shift[-_]?jis|s-?jis|cp932|geojson|shape(?:file)?s?|shp|gml|gpkg|geopackage|kml|csv", re.I
)
_GEOJSON_TYPE = re.compile(rb'"type"\s*:\s*"(?:Multi)?(Point|LineString|Polygon)"')
OUR_LISTS = frozenset({COLUMNS_FILE, LOSSES_FILE, ABOUT_FILE})
_BY_SIZE = ("Polygon", "LineString", "Point")


@dataclass(frozen=True)
class Candidate:
    """A file of an archive that could be the map, or the several files of a Shapefile."""

    name: str
    format: str
    files: dict[str, Path]
    shape: str = ""

    @property
    def path(self) -> Path:
        return next(iter(self.files.values()))

    @property
    def stem(self) -> str:
        return PurePosixPath(self.name).stem

    @property
    def content(self) -> str:
        """The same for files that hold the same, as far as names tell: folders that name a format or an encoding
        aside, their whole names.
        """
        folders = [part for part in PurePosixPath(self.name).parts[:-1] if not _FORMAT_FOLDER.fullmatch(part)]
        return "/".join((*folders, self.stem)).casefold()


def archive_table(path: Path, asked: Asked, open_as: Open) -> Table:
    """The table of the file in a ZIP that the caller wants. open_as opens a file by its format. Raises
    UnreadableFile.
    """
    with TemporaryDirectory() as folder:
        members = unpacked(path, Path(folder))
        lists = {PurePosixPath(one.name).name: one.path for one in members}
        ours = COLUMNS_FILE in lists
        candidates = _candidates(
            one for one in members if not (ours and PurePosixPath(one.name).name in OUR_LISTS)
        )
        if not candidates:
            raise UnreadableFile(
                [refusal("archive_without_map", ", ".join(m.name for m in members[:5]), READABLE)]
            )
        if ours and all(one.format == "shapefile" for one in candidates):
            parts = [one.files for one in candidates]
            table = own_zip_table(
                parts, lists[COLUMNS_FILE], lists.get(LOSSES_FILE), asked, candidates[0].stem
            )
            return replace(table, file_name=path.name, seen=(("inside", "zip"), *table.seen), _found={})
        chosen, asked = _chosen(candidates, asked)
        table = _opened(chosen, asked, open_as)
        left = [one.name for one in candidates if one is not chosen]
    facts = [("inside", "zip"), *table.seen, ("member", chosen.name)]
    if left:
        facts.append(("left", ", ".join(left)[:300]))
    return replace(table, file_name=path.name, name=table.name if table.name and table.format == "xlsx" else chosen.stem,
                   seen=tuple(facts), _found={})  # fmt: skip


def kmz_table(path: Path, asked: Asked, open_as: Open) -> Table:
    """The table of a KMZ: the first KML in it; its pictures are left. Raises UnreadableFile."""
    with TemporaryDirectory() as folder:
        inside = [member for member in unpacked(path, Path(folder)) if member.name.lower().endswith(".kml")]
        if not inside:
            raise UnreadableFile([refusal("archive_without_map", path.name, "KML")])
        if format_of(inside[0].path) != "kml":
            raise UnreadableFile([refusal("format_unsupported", inside[0].name, "KML")])
        table = open_as(inside[0].path, "kml", asked)
    return replace(table, file_name=path.name, seen=(("inside", "kmz"), *table.seen), _found={})


def _candidates(members: Iterable[Member]) -> list[Candidate]:
    members = [member for member in members if not _BESIDE.search(member.name)]
    parts: dict[str, dict[str, Path]] = {}
    for member in members:
        ending = PurePosixPath(member.name).suffix.lower()
        if ending in PARTS:
            parts.setdefault(member.name[: -len(ending)].casefold(), {})[ending] = member.path
    found = []
    for member in members:
        ending = PurePosixPath(member.name).suffix.lower()
        if ending == ".shp":
            files = parts[member.name[: -len(ending)].casefold()]
            found.append(
                Candidate(member.name, "shapefile", {".shp": member.path, **files}, base_type(member.path))
            )
        elif ending not in PARTS and (format := _format(member)):
            found.append(Candidate(member.name, format, {"": member.path}, _shape(member.path, format)))
    return found


def _format(member: Member) -> str:
    """The format of a member; empty for one that is no map and no table."""
    try:
        if not member.path.stat().st_size:
            return ""
        format = format_of(member.path)
    except UnreadableFile as error:
        if any(fault.code == "xml_entities" for fault in error.faults):
            raise
        return ""
    if format in _TABLES and not member.name.lower().endswith(_TABLE_NAMES):
        return ""
    if format == "zip" and member.name.lower().endswith(".xlsx"):
        return "xlsx"
    return format if format in _RANK else ""


def _shape(path: Path, format: str) -> str:
    if format != "geojson":
        return ""
    with path.open("rb") as file:
        found = _GEOJSON_TYPE.search(file.read(200_000))
    return found.group(1).decode() if found else ""


def tables_in(path: Path, shapes: frozenset[str]) -> tuple[str, ...]:
    """The names of the files in a ZIP that a person would have to choose from. Raises UnreadableFile."""
    with TemporaryDirectory() as folder:
        return tuple(one.name for one in _told_apart(_candidates(unpacked(path, Path(folder))), shapes))


def _chosen(candidates: list[Candidate], asked: Asked) -> tuple[Candidate, Asked]:
    named = [one for one in candidates if asked.sublayer == one.name] or [
        one for one in candidates if asked.sublayer in {one.stem, PurePosixPath(one.name).name}
    ]
    if asked.sublayer and len({one.content for one in named}) == 1:
        return min(named, key=_rank), replace(asked, sublayer="")
    rest = _told_apart(candidates, asked.shapes)
    if len(rest) > 1:
        code = "sublayer_unknown" if asked.sublayer else "sublayer_needed"
        names = ", ".join(one.name for one in rest)
        found, expected = (asked.sublayer, names) if asked.sublayer else (names, rest[0].stem)
        raise UnreadableFile([Fault(code, Grade.REFUSE, None, None, found, expected)])
    return rest[0], asked


def _told_apart(candidates: list[Candidate], shapes: frozenset[str]) -> list[Candidate]:
    """One for each content: the best of its formats and, of a pair of areas and lines, the one of these shapes."""
    maps = [one for one in candidates if one.format not in _TABLES] or candidates
    maps = [one for one in maps if one.format != "gml"] or maps
    best: dict[str, Candidate] = {}
    for one in sorted(maps, key=_rank):
        best.setdefault(one.content, one)
    rest = list(best.values())
    if shapes:
        rest = [one for one in rest if one.shape in {"", *shapes}] or rest
    if len({_SHAPE_WORD.sub("", one.content) for one in rest}) == 1:
        rest = sorted(rest, key=lambda one: _BY_SIZE.index(one.shape) if one.shape else len(_BY_SIZE))[:1]
    return rest


def _rank(one: Candidate) -> int:
    return _RANK.index(one.format)


def _opened(chosen: Candidate, asked: Asked, open_as: Open) -> Table:
    if chosen.format == "shapefile":
        return shapefile_table(chosen.files, asked, chosen.name)
    if (size := chosen.path.stat().st_size) > MAX_BYTES:
        raise UnreadableFile([refusal("file_too_large", str(size), str(MAX_BYTES))])
    return open_as(chosen.path, chosen.format, asked)
