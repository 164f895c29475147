"""Every operator's task on the command line: found a town, import its files, export, serve."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it was done, 1 when it was refused (a sentence says why), 2 for a wrong call."""
    given = parser().parse_args(argv)
    # Only now: geopandas takes a second to load, and --help should not wait for it.
    from gisapp import commands

    return commands.run(given, out=sys.stdout, err=sys.stderr)


def day(text: str) -> date:
    """A date as 2026-04-01."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"「{text}」は日付ではありません。2026-04-01 のように書いてください"
        ) from None


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top = argparse.ArgumentParser(prog="gisapp", description="町の地図: 住民の通報と各課の地図を1枚に")
    tasks = top.add_subparsers(dest="task", required=True, metavar="COMMAND")
    _start(tasks)
    _sample(tasks)
    _town(tasks)
    _layer(tasks)
    _export(tasks)
    return top


def _start(tasks: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    start = tasks.add_parser("start", help="町がなければ見本町を作り、サーバーを開く")
    serve = tasks.add_parser("serve", help="サーバーを開く")
    for task in (start, serve):
        task.add_argument("--port", type=int, help="ポート番号（GISAPP_PORT、なければ8501）")


def _sample(tasks: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    sample = tasks.add_parser("sample", help="見本町（架空の町）を作る")
    sample.add_argument("--seed", type=int, default=8, help="同じ数からは同じ町ができる")


def _town(tasks: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    steps = tasks.add_parser("town", help="町").add_subparsers(dest="step", required=True)
    create = steps.add_parser("create", help="町を作る")
    create.add_argument("--name", required=True, help="町の名前（例: 関ケ原町）")
    create.add_argument("--code", required=True, help="全国地方公共団体コード6桁（例: 213624）")
    create.add_argument("--accept-repairs", action="store_true", help="直せる誤りは直して取り込む")
    create.add_argument("--boundary", type=Path, help="国土数値情報 N03（行政区域）のファイル")


def _layer(tasks: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    steps = tasks.add_parser("layer", help="レイヤー").add_subparsers(dest="step", required=True)
    add = steps.add_parser("import", help="ファイルをレイヤーの新しい版として取り込む")
    add.add_argument("file", type=Path)
    add.add_argument("--as", dest="kind", required=True, metavar="KIND", help="種別（例: evacuation_site）")
    add.add_argument("--id", dest="layer_id", help="レイヤーのID（なければ種別と同じ）")
    add.add_argument("--as-of", type=day, help="データの時点（例: 2026-04-01）")
    add.add_argument("--accept-repairs", action="store_true", help="直せる誤りは直して取り込む")
    listing = steps.add_parser("list", help="レイヤーの一覧")
    listing.add_argument("--json", action="store_true", help="JSONで出す")


def _export(tasks: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    export = tasks.add_parser("export", help="オープンデータとして書き出す")
    export.add_argument("what", choices=["reports"])
    export.add_argument("--format", choices=["geojson", "csv"], default="geojson")
    export.add_argument("--out", type=Path, required=True)


if __name__ == "__main__":
    raise SystemExit(main())
