"""The shelf keeps every version; a failed or killed import leaves the former one, and a broken file is said
to be.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, date, datetime
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from layers.catalogue import Catalogue
from layers.errors import Fault, Grade, ImportRefused, ShelfUnwritable, SourceUnavailable, UnknownLayer
from layers.kinds import KINDS
from layers.versions import LayerShelf, LayerState, LayerVersion

AT = datetime(2026, 4, 1, 9, 30, tzinfo=UTC)
NASTY = [
    "{{ 7*191 }}",
    "<img src=x onerror=alert(1)>",
    "${7*7}",
    "`",
    "</script>",
    "=cmd",
    "a\u202eb",
    "👷葛󠄀",
]
ROOT = Path(__file__).resolve().parents[2]

WRITER = """
import sys, resource, signal
from datetime import UTC, datetime
from pathlib import Path
import geopandas as gpd, shapely
from layers.catalogue import Catalogue
from layers.errors import ShelfUnwritable
from layers.versions import LayerShelf
mode, folder = sys.argv[1:]
shelf = LayerShelf(Path(folder), Catalogue.load(), 6675)
points = [shapely.Point(136.4 + n / 1e4, 35.36) for n in range(2000)]
frame = gpd.GeoDataFrame({"name": [f"施設{n}" for n in range(2000)]}, geometry=points, crs=4326)
if mode == "full disk":
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
while True:
    try:
        shelf.add("aed", frame, reader="general", source_name="b.csv", source_sha256="-", by="b",
                  at=datetime.now(UTC), as_of=None)
        print("added", flush=True)
    except ShelfUnwritable as error:
        print("refused", error.why, flush=True)
        break
"""


def aeds(*names: str) -> gpd.GeoDataFrame:
    points = [shapely.Point(136.46 + number / 1000, 35.36) for number in range(len(names))]
    return gpd.GeoDataFrame({"name": list(names)}, geometry=points, crs=4326)


def shelf_in(folder: Path) -> LayerShelf:
    return LayerShelf(folder / "layers", Catalogue.load(), 6675)


def put(shelf: LayerShelf, frame: gpd.GeoDataFrame, at: datetime = AT, **more: object) -> LayerVersion:
    given = {
        "reader": "general",
        "source_name": "aed.csv",
        "source_sha256": "00",
        "by": "危機管理課",
        "as_of": None,
    }
    return shelf.add("aed", frame, at=at, **{**given, **more})  # type: ignore[arg-type]


def listed(shelf: LayerShelf) -> LayerState:
    return next(state for state in shelf.listing() if state.id == "aed")


def writer(mode: str, folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, mode, str(folder / "layers")]
    return subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True
    )


def test_a_version_remembers_who_when_from_what_and_what_was_mended(tmp_path: Path) -> None:
    repair = Fault("geometry_invalid", Grade.REPAIR, 4, None, "Self-intersection", "valid shape")

    put(shelf_in(tmp_path), aeds("役場"), as_of=date(2026, 3, 31), repairs=(repair,), source_sha256="ab")

    version = shelf_in(tmp_path).current("aed")
    assert (version.number, version.rows, version.by, version.reader) == (1, 1, "危機管理課", "general")
    assert (version.imported_at, version.as_of) == (AT, date(2026, 3, 31))
    assert (version.source_name, version.source_sha256) == ("aed.csv", "ab")
    assert version.repairs[0]["row"] == 4
    about = json.loads((tmp_path / "layers/aed/v0001.json").read_bytes())
    parquet = (tmp_path / "layers/aed/v0001.parquet").read_bytes()
    assert about["sha256"] == hashlib.sha256(parquet).hexdigest()


def test_a_stored_version_is_geoparquet_any_program_reads(tmp_path: Path) -> None:
    put(shelf_in(tmp_path), aeds("役場", "駅"))

    frame = gpd.read_parquet(tmp_path / "layers/aed/v0001.parquet")

    assert frame.crs.to_epsg() == 4326
    assert frame["name"].tolist() == ["役場", "駅"]


def test_every_text_comes_back_unchanged_and_unknown_comes_back_unknown(tmp_path: Path) -> None:
    put(shelf_in(tmp_path), aeds(*NASTY))

    frame = shelf_in(tmp_path).current("aed").frame

    assert frame["name"].tolist() == NASTY
    assert frame["child_pads"].tolist() == [None] * len(NASTY)
    assert set(frame.columns) == {
        "feature_id",
        *(c.name for c in KINDS["aed"].columns),
        "source_properties",
        "geometry",
    }


def test_a_frame_in_metres_is_kept_in_degrees(tmp_path: Path) -> None:
    put(shelf_in(tmp_path), aeds("役場").to_crs(6675))

    place = shelf_in(tmp_path).current("aed").frame.geometry.iloc[0]
    assert place.distance(shapely.Point(136.46, 35.36)) < 1e-8


def test_the_new_version_is_current_and_the_former_is_kept_as_it_was(tmp_path: Path) -> None:
    shelf = shelf_in(tmp_path)
    put(shelf, aeds("役場"))
    former = (tmp_path / "layers/aed/v0001.parquet").read_bytes()

    put(shelf, aeds("役場", "駅"))

    assert (shelf.current("aed").number, shelf.current("aed").rows) == (2, 2)
    assert (tmp_path / "layers/aed/v0001.parquet").read_bytes() == former


def test_the_current_version_is_the_same_object_until_another_process_adds_one(tmp_path: Path) -> None:
    here, elsewhere = shelf_in(tmp_path), shelf_in(tmp_path)
    put(elsewhere, aeds("役場"))
    first, stamp = here.current("aed"), here.stamp()

    same = here.current("aed")
    put(elsewhere, aeds("役場", "駅"))

    assert same is first
    assert here.current("aed").number == 2
    assert here.stamp() != stamp
    assert here.stamp() == elsewhere.stamp()


def test_eight_imports_at_once_become_eight_versions(tmp_path: Path) -> None:
    numbers: list[int] = []
    threads = [
        threading.Thread(target=lambda n=n: numbers.append(put(shelf_in(tmp_path), aeds(f"箇所{n}")).number))
        for n in range(8)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(list((tmp_path / "layers/aed").glob("v*.parquet"))) == 8
    assert len(numbers) == 8
    assert shelf_in(tmp_path).current("aed").number == 8


def test_a_disk_that_takes_no_more_leaves_the_former_version_current(tmp_path: Path) -> None:
    put(shelf_in(tmp_path), aeds("役場"))

    with writer("full disk", tmp_path) as child:
        said, _ = child.communicate(timeout=60)

    assert said.startswith("refused")
    assert shelf_in(tmp_path).current("aed").number == 1
    assert put(shelf_in(tmp_path), aeds("駅")).frame["name"].tolist() == ["駅"]
    assert not list((tmp_path / "layers/aed").glob("*.part"))


def test_an_import_killed_at_any_moment_leaves_a_whole_version_current(tmp_path: Path) -> None:
    put(shelf_in(tmp_path), aeds("役場"))

    with writer("until killed", tmp_path) as child:
        assert child.stdout is not None
        added = sum(child.stdout.readline() == "added\n" for _ in range(3))
        child.send_signal(signal.SIGKILL)

    assert added == 3
    current = shelf_in(tmp_path).current("aed")
    assert (current.number >= 4, current.rows) == (True, 2000)
    assert put(shelf_in(tmp_path), aeds("駅")).number > current.number


def test_what_a_killed_import_left_behind_is_not_taken_for_a_version(tmp_path: Path) -> None:
    shelf = shelf_in(tmp_path)
    put(shelf, aeds("役場"))
    folder = tmp_path / "layers/aed"
    whole = (folder / "v0001.parquet").read_bytes()
    (folder / "v0002.parquet").write_bytes(whole[: len(whole) // 2])
    (folder / "current.json.part").write_bytes(b'{"numb')

    assert shelf.current("aed").number == 1
    assert put(shelf, aeds("駅")).number == 3


def test_a_frame_that_cannot_be_stored_is_refused_and_the_former_version_stays(tmp_path: Path) -> None:
    shelf = shelf_in(tmp_path)
    put(shelf, aeds("役場"))
    lost = aeds("駅").astype({"name": object})
    lost["name"] = gpd.pd.Series(["\ud800"], dtype=object)

    with pytest.raises(ImportRefused) as refused:
        put(shelf, lost)

    assert [fault.code for fault in refused.value.faults] == ["not_storable"]
    assert shelf.current("aed").frame["name"].tolist() == ["役場"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "layers").mkdir()
    (tmp_path / "layers/aed").write_bytes(b"a file in the way")

    with pytest.raises(ShelfUnwritable, match="aed"):
        put(shelf_in(tmp_path), aeds("役場"))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda folder: (folder / "v0001.parquet").unlink(), "version_missing"),
        (lambda folder: (folder / "v0001.parquet").write_bytes(b"PAR1"), "version_altered"),
        (lambda folder: (folder / "v0001.json").write_bytes(b"{"), "version_broken"),
        (lambda folder: (folder / "v0001.json").unlink(), "version_broken"),
        (lambda folder: (folder / "current.json").write_bytes(b"[]"), "pointer_broken"),
        (lambda folder: (folder / "current.json").write_bytes(b""), "pointer_broken"),
        (lambda folder: (folder / "current.json").unlink(), "pointer_broken"),
    ],
)
def test_a_spoiled_layer_is_listed_as_failed_with_its_last_good_time_never_as_empty(
    tmp_path: Path, spoil: object, reason: str
) -> None:
    shelf = shelf_in(tmp_path)
    put(shelf, aeds("役場"))
    spoil(tmp_path / "layers/aed")  # type: ignore[operator]

    with pytest.raises(SourceUnavailable) as failed:
        shelf.current("aed")

    state = listed(shelf)
    assert (failed.value.layer_id, failed.value.reason) == ("aed", reason)
    assert (state.ok, state.reason, state.rows) == (False, reason, None)
    assert failed.value.last_good == state.last_good == AT


def test_one_flipped_byte_is_noticed(tmp_path: Path) -> None:
    shelf = shelf_in(tmp_path)
    put(shelf, aeds("役場"))
    path = tmp_path / "layers/aed/v0001.parquet"
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)

    assert listed(shelf).reason == "version_altered"


def test_a_mended_layer_is_read_again(tmp_path: Path) -> None:
    shelf = shelf_in(tmp_path)
    put(shelf, aeds("役場"))
    path = tmp_path / "layers/aed/v0001.parquet"
    whole = path.read_bytes()
    path.unlink()
    assert not listed(shelf).ok

    path.write_bytes(whole)

    assert listed(shelf).ok


def test_a_layer_never_imported_is_unknown_not_empty(tmp_path: Path) -> None:
    shelf = shelf_in(tmp_path)

    with pytest.raises(SourceUnavailable) as failed:
        shelf.current("aed")

    assert (failed.value.reason, failed.value.last_good) == ("never_imported", None)
    assert (listed(shelf).ok, listed(shelf).reason) == (False, "never_imported")
    with pytest.raises(UnknownLayer):
        shelf.current("../../etc")


def test_a_time_without_a_zone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="aware"):
        put(shelf_in(tmp_path), aeds("役場"), at=datetime(2026, 4, 1))  # noqa: DTZ001
