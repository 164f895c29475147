"""A Shapefile as a table: several files of one name that say nothing of their letters, and little of their system."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from layers.errors import UnreadableFile
from layers.readers.asked import Asked
from layers.readers.table import Table, refusal
from layers.readers.vector_file import opened_table

PARTS = (".shp", ".dbf", ".shx", ".prj", ".cpg")
_HEADER_BYTES = 100
_FIELD_BYTES = 32
_BASE = {1: "Point", 3: "LineString", 5: "Polygon", 8: "Point"}
_ENOUGH = 4_000_000  # bytes of texts that decide on the encoding
_NO_LETTERS = re.compile("[\uf8f0-\uf8f3]")


def siblings(path: Path) -> dict[str, Path]:
    """The files that make one Shapefile with a .shp, by their endings in small letters."""
    found = {".shp": path}
    for other in sorted(path.parent.iterdir()):
        ending = other.suffix.lower()
        if other.stem == path.stem and ending in PARTS and ending not in found and other.is_file():
            found[ending] = other
    return found


def shapefile_table(parts: Mapping[str, Path], asked: Asked, name: str) -> Table:
    """The table of a Shapefile from its files by ending; name is what it is called. Raises UnreadableFile."""
    shp, dbf = parts[".shp"], parts.get(".dbf")
    if dbf is None:
        raise UnreadableFile([refusal("shapefile_part_missing", name, ".dbf")])
    _refuse_cut_off(shp, dbf)
    encoding = _encoding(dbf, parts.get(".cpg"))
    said = (
        parts[".prj"].read_bytes()[:20_000].decode("utf-8", errors="replace").strip()
        if ".prj" in parts
        else ""
    )
    with TemporaryDirectory() as folder:
        # under one plain name and apart from everything else: a missing .shx is made there anew
        for ending, path in parts.items():
            if ending in {".shp", ".dbf", ".shx"}:
                (Path(folder) / f"layer{ending}").symlink_to(path.resolve())
        if ".shx" not in parts:
            (Path(folder) / "layer.shx").write_bytes(_index_of(shp))
        seen = (("encoding", encoding), *((("prj", "-"),) if not said and asked.crs is None else ()))
        table = opened_table(
            Path(folder) / "layer.shp", "shapefile", Asked(asked.crs, "", asked.shapes),
            encoding=encoding, said=said, seen=seen,
        )  # fmt: skip
    return table


def base_type(shp: Path) -> str:
    """The geometry type that the header of a .shp states; empty for none."""
    with shp.open("rb") as file:
        head = file.read(36)
    return _BASE.get(int.from_bytes(head[32:36], "little") % 10, "")


def _refuse_cut_off(shp: Path, dbf: Path) -> None:
    size = shp.stat().st_size
    with shp.open("rb") as file:
        said = 2 * int.from_bytes(file.read(28)[24:28], "big")
    if size < max(said, _HEADER_BYTES):
        raise UnreadableFile([refusal("shapefile_cut_off", f".shp {size}", f"{said}")])
    with dbf.open("rb") as file:
        rows, header, row = _lengths(file)
    there = dbf.stat().st_size
    if header < 33 or row < 1 or there < header + rows * row:
        whole = max(0, (there - header) // max(1, row))
        raise UnreadableFile([refusal("shapefile_cut_off", f".dbf {whole}", f"{rows}", row=whole + 1)])


def _lengths(file: BinaryIO) -> tuple[int, int, int]:
    """How many records a .dbf has, and how many bytes its header and each record take."""
    head = file.read(32)
    return tuple(int.from_bytes(head[a:b], "little") for a, b in ((4, 8), (8, 10), (10, 12)))  # type: ignore[return-value]


def _encoding(dbf: Path, cpg: Path | None) -> str:
    """UTF-8 if all texts are that, else cp932, else what the .cpg says; a .cpg alone is not believed."""
    texts = list(_texts(dbf))
    for name in ("UTF-8", "cp932"):
        if all(_decodes(text, name) for text in texts):
            return name
    said = cpg.read_bytes()[:40].decode("ascii", errors="ignore").strip() if cpg else ""
    try:
        known = codecs.lookup(said).name if said else ""
    except LookupError:
        known = ""
    if known and all(_decodes(text, known) for text in texts):
        return said
    row = next(number for number, text in enumerate(texts) if not _decodes(text, "cp932"))
    raise UnreadableFile([refusal("encoding_broken", said or ".dbf", "UTF-8, cp932", row=row)])


def _decodes(text: tuple[bytes, ...], name: str) -> bool:
    """Whether texts mean something in an encoding; the last letter of a full cell may be cut in half."""
    for cell in text:
        try:
            found = codecs.getincrementaldecoder(name)().decode(cell)
        except UnicodeDecodeError:
            return False
        if name == "cp932" and _NO_LETTERS.search(found):
            return False
    return True


def _texts(dbf: Path) -> Iterator[tuple[bytes, ...]]:
    """The names of the columns, then the text cells that are not plain ASCII, record by record."""
    taken = 0
    with dbf.open("rb") as file:
        rows, header, row = _lengths(file)
        fields, places, at = file.read(header - 33), [], 1
        names = []
        for start in range(0, len(fields) - _FIELD_BYTES + 1, _FIELD_BYTES):
            one = fields[start : start + _FIELD_BYTES]
            names.append(one[:11].split(b"\x00")[0])
            if one[11:12] == b"C":
                places.append((at, at + one[16]))
            at += one[16]
        yield tuple(names)
        file.seek(header)
        for _ in range(rows):
            record = file.read(row)
            cells = () if record.isascii() else tuple(record[a:b].rstrip(b" \x00") for a, b in places)
            taken += sum(map(len, cells))
            yield cells
            if taken > _ENOUGH:
                return


def _index_of(shp: Path) -> bytes:
    """The .shx of a .shp that came without: where each record begins, and how long it is."""
    entries = []
    with shp.open("rb") as file:
        head = bytearray(file.read(_HEADER_BYTES))
        at, size = _HEADER_BYTES, shp.stat().st_size
        while at + 8 <= size:
            file.seek(at + 4)
            words = int.from_bytes(file.read(4), "big")
            entries.append((at // 2).to_bytes(4, "big") + words.to_bytes(4, "big"))
            at += 8 + 2 * words
    head[24:28] = ((_HEADER_BYTES + 8 * len(entries)) // 2).to_bytes(4, "big")
    return bytes(head) + b"".join(entries)
