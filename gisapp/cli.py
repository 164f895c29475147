"""Every operator's task on the command line: found a town, import its files, export, serve."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

ROLES = ("reader", "clerk", "staff", "field", "head", "hq", "editor", "admin")
LAYER_FORMATS = ("gpkg", "geojson", "shapefile", "csv", "geoparquet", "flatgeobuf")


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


def epsg(text: str) -> int:
    """A coordinate system as EPSG:6675 or 6675."""
    number = text.upper().removeprefix("EPSG:")
    if not (number.isascii() and number.isdigit() and 1024 <= int(number) <= 32767):
        raise argparse.ArgumentTypeError(
            f"「{text}」は座標系ではありません。EPSG:6675 のように書いてください"
        )
    return int(number)


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top = argparse.ArgumentParser(prog="gisapp", description="町の地図: 住民の通報と各課の地図を1枚に")
    tasks = top.add_subparsers(dest="task", required=True, metavar="COMMAND")
    _start(tasks)
    _sample(tasks)
    _town(tasks)
    _layer(tasks)
    _export(tasks)
    _user(tasks)
    _ask(tasks)
    _basemap(tasks)
    _report(tasks)
    _mail(tasks)
    _routing(tasks)
    _audit(tasks)
    _retention(tasks)
    return top


def _start(tasks: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    start = tasks.add_parser("start", help="町がなければ見本町を作り、サーバーを開く")
    serve = tasks.add_parser("serve", help="サーバーを開く")
    door = tasks.add_parser("door", help="住民の入口だけをもう一つ開く（サーバーと並べて、いくつでも）")
    for task in (start, serve, door):
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
    fetch = steps.add_parser(
        "fetch", help="国が公開する町の公式データを取りに行き、町を作る（インターネットが要ります）"
    )
    fetch.add_argument("code", help="全国地方公共団体コード6桁（例: 213624）")
    fetch.add_argument("--accept-repairs", action="store_true", help="直せる誤りは直して取り込む")
    fetch.add_argument(
        "--from", dest="mirror", default="", metavar="URL", help="国のサーバーの代わりに使う写しの場所"
    )
    mode = steps.add_parser("mode", help="平常時か災害時か（災害時は、通報の数の制限をゆるめる）")
    mode.add_argument("mode", nargs="?", choices=["normal", "disaster"], help="なければ、いまの状態を見る")


def _layer(tasks: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    steps = tasks.add_parser("layer", help="レイヤー").add_subparsers(dest="step", required=True)
    add = steps.add_parser("import", help="ファイルをレイヤーの新しい版として取り込む")
    add.add_argument("file", type=Path)
    add.add_argument(
        "--as", dest="kind", metavar="KIND", help="種別（例: evacuation_site。なければ中身から決める）"
    )
    add.add_argument("--id", dest="layer_id", help="レイヤーのID（なければ種別と同じ）")
    add.add_argument("--as-of", type=day, help="データの時点（例: 2026-04-01）")
    add.add_argument("--accept-repairs", action="store_true", help="直せる誤りは直して取り込む")
    add.add_argument("--crs", type=epsg, help="座標系の書かれていないファイルの座標系（例: EPSG:6675）")
    add.add_argument("--sublayer", help="表がいくつもあるファイルの、どの表か")
    add.add_argument("--dry-run", action="store_true", help="調べるだけで取り込まない")
    add.add_argument("--faults", type=Path, metavar="FILE.csv", help="見つかったことをすべて書き出す")
    _layer_export(steps)
    listing = steps.add_parser("list", help="レイヤーの一覧")
    listing.add_argument("--json", action="store_true", help="JSONで出す")


def _layer_export(steps: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    out = steps.add_parser(
        "export", help="レイヤーの今の版をファイルに書き出す（取り込み直すと同じレイヤーになる）"
    )
    out.add_argument("layer_id", metavar="ID", help="レイヤーのID（gisapp layer list）")
    out.add_argument("--format", choices=LAYER_FORMATS, default="gpkg")
    out.add_argument("--out", type=Path, required=True)


def _export(tasks: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    export = tasks.add_parser("export", help="オープンデータとして書き出す")
    export.add_argument("what", choices=["reports"])
    export.add_argument("--format", choices=["geojson", "csv"], default="geojson")
    export.add_argument("--out", type=Path, required=True)


def _user(tasks: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    steps = tasks.add_parser("user", help="職員のアカウント").add_subparsers(dest="step", required=True)
    add = steps.add_parser("add", help="アカウントを作る")
    roles = steps.add_parser("roles", help="氏名・課・権限を変える（すぐに効く）")
    reset = steps.add_parser("reset", help="パスワードを変える")
    disable = steps.add_parser("disable", help="アカウントを止める")
    for step in (add, roles):
        step.add_argument("--name", required=step is add, help="氏名")
        step.add_argument(
            "--department", required=step is add, help="課（レイヤー台帳と通報の種類にあるのと同じ名前）"
        )
        step.add_argument(
            "--role", action="append", choices=ROLES, help="権限（重ねて指定できます。なければ staff）"
        )
    for step in (add, roles, reset, disable):
        step.add_argument("login", help="ログインID")
    for step in (add, reset):
        step.add_argument("--password-stdin", action="store_true", help="パスワードを標準入力から読む")
        step.add_argument("--generate", action="store_true", help="最初のパスワードを作って、一度だけ見せる")
    add.add_argument(
        "--no-password", action="store_true", help="パスワードなし（認証基盤かプロキシのログインだけ）"
    )
    steps.add_parser("list", help="アカウントの一覧")


def _ask(tasks: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    ask = tasks.add_parser("ask", help="場所の一覧をまとめて調べ、同じ表に答えの列を付ける")
    ask.add_argument("file", type=Path, help="緯度・経度（か住所）の列がある表")
    ask.add_argument("--layers", required=True, help="調べるレイヤーのID（例: flood_zone,landslide_zone）")
    ask.add_argument("--out", type=Path, required=True, help="書き出すファイル（.csv か .xlsx）")


def _basemap(tasks: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    steps = tasks.add_parser("basemap", help="町の背景地図").add_subparsers(dest="step", required=True)
    put = steps.add_parser("set", help="PMTiles か MBTiles を背景地図にする")
    put.add_argument("file", type=Path)
    put.add_argument("--attribution", help="出典（ファイルに書かれていないとき）")
    steps.add_parser("show", help="いまの背景地図")
    steps.add_parser("clear", help="背景地図をはずす")


def _report(tasks: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    steps = tasks.add_parser("report", help="通報").add_subparsers(dest="step", required=True)
    merge = steps.add_parser("merge", help="同じところの通報を1つにまとめる（もとに戻せる）")
    merge.add_argument("number", help="まとめられる通報の受付番号（例: R8-000124）")
    merge.add_argument("into", help="まとめる先の受付番号（例: R8-000123）")
    unmerge = steps.add_parser("unmerge", help="まとめた通報を、もとの2つに戻す")
    unmerge.add_argument("number", help="まとめられた通報の受付番号")


def _mail(tasks: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    steps = tasks.add_parser("mail", help="町から出るメール").add_subparsers(dest="step", required=True)
    steps.add_parser("list", help="待っているメールと、あきらめたメールの一覧（宛先は出しません）")


def _retention(tasks: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    steps = tasks.add_parser("retention", help="保存期間").add_subparsers(dest="step", required=True)
    steps.add_parser("dry-run", help="いま期間が過ぎているもの（何も変えない）")
    steps.add_parser("run", help="期間が過ぎた連絡先と通報を処理する（元に戻せません）")


def _audit(tasks: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    steps = tasks.add_parser("audit", help="操作の記録").add_subparsers(dest="step", required=True)
    steps.add_parser("verify", help="記録が書きかえられていないかを確かめる")
    steps.add_parser("seal", help="いまの終わりの控えを書く（サーバーは1時間ごとに書く）")
    listing = steps.add_parser("list", help="最近の記録")
    listing.add_argument("--last", type=int, default=50, metavar="N", help="何行（なければ50行）")


def _routing(tasks: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    steps = tasks.add_parser("routing", help="通報をどの課へ渡すかの規則").add_subparsers(
        dest="step", required=True
    )
    steps.add_parser("show", help="いまの規則")
    check = steps.add_parser("check", help="規則のファイルの誤りをすべて調べる")
    check.add_argument("file", nargs="?", type=Path, help="なければ、いま使われている規則")
    dry = steps.add_parser(
        "dry-run", help="過去の通報が、新しい規則ではどこへ行ったかを調べる（何も変えない）"
    )
    dry.add_argument("file", type=Path, help="新しい規則のファイル（TOML）")


if __name__ == "__main__":
    raise SystemExit(main())
