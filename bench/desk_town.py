"""A town of ten years for the desk's benchmarks: 200,000 or a million reports, made in bulk past the store.

Filing them one by one would take hours. What the store's triggers would have kept is computed at the end by the
statements of the migration itself; tests prove elsewhere that triggers and counting agree.
"""

from __future__ import annotations

import random
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path

import psycopg

from reports_store import Categories, ReportStore, Status, searching
from reports_store.cells import cell_of
from reports_store.migrations.desk_finding import TALLY_AGAIN, count_again
from reports_store.rows import STATE_NUMBER, to_micros

END = datetime(2026, 10, 1, tzinfo=UTC)
YEARS = 10
WEST, SOUTH, EAST, NORTH = 136.43, 35.33, 136.50, 35.39
AREAS = [f"{name}自治会" for name in (
    "本町", "新町", "栄町", "緑町", "旭町", "若宮", "八幡", "中野", "北山", "南原", "東田", "西浦", "上川", "下川", "大門",
    "小坂",     "平和", "幸町", "桜丘", "松原", "竹中", "梅ケ枝", "天神", "弁天", "稲荷", "神明", "観音", "寺前", "宮前", "駅前",
)] + [f"第{n}区自治会" for n in range(1, 31)]  # fmt: skip
# Commonest first: how often a word occurs falls with its place in this list.
WORDS = (
    "道路 穴 草 ごみ 側溝 街灯 水 落ち葉 不法投棄 カーブミラー 公園 遊具 犬 猫 カラス 蜂の巣 信号 白線 段差 歩道 自転車 放置,"
    "雑草 樹木 倒木 枝 電柱 電線 看板 ガードレール 溝蓋 グレーチング 冠水 水たまり 漏水 マンホール 騒音 異臭 空き家 害虫,"
    "凍結 融雪剤 落石 土砂 法面 擁壁 ひび割れ 陥没 消火栓 ベンチ トイレ 滑り台 ぶらんこ 砂場 フェンス 門扉 掲示板 集積所,"
    "粗大ごみ タイヤ 家電 テレビ 冷蔵庫 バイク 落書き 花壇 用水路 ため池 堤防 橋 欄干 照明 電球 点滅 消灯 猿 猪 鹿 熊 蛇"
)
WORDS_BY_RANK = re.split("[ ,]", WORDS)
OFTEN = list(accumulate(1 / (place + 1) for place in range(len(WORDS_BY_RANK))))
SENTENCES = (
    "{0}の{1}が壊れていて危ないです。早めに見てください。", "{2}の前の{0}に{1}があります。", "{0}がひどく、{1}も傷んでいます。",
    "通学路の{0}で{1}に困っています。子どもが通ります。",
    "{1}のため{0}を通れません。R{3}番地付近です。", "{0}と{1}を直してほしい。",
)  # fmt: skip
CLOSED = [Status.RESOLVED] * 80 + [Status.NO_ACTION] * 8 + [Status.OUT_OF_SCOPE] * 5 + [Status.DUPLICATE] * 4 + [
    Status.REFERRED_CLOSED] * 2 + [Status.REJECTED]  # fmt: skip
OPEN = [Status.RECEIVED] * 4 + [Status.TRIAGED] * 3 + [Status.IN_PROGRESS] * 2 + [
    Status.INVESTIGATING, Status.SCHEDULED, Status.INFO_REQUESTED, Status.REFERRED]  # fmt: skip
CHANNELS = ["web"] * 60 + ["phone"] * 20 + ["counter"] * 8 + ["line"] * 8 + ["patrol"] * 3 + ["fax"]
DAY = 86_400_000_000
COLUMNS = (
    "id", "public_id", "uuid", "digest", "tracking_hash", "category", "status", "state", "visibility", "lon", "lat", "source",
    "cell", "body", "body_public", "answers", "area", "channel", "mode", "lang", "department", "contact_given",
    "received_at", "updated_at", "version", "assignee", "priority", "due_at", "waiting_since", "area_name", "photo_count",
    "public_lon", "public_lat", "public_cell",
)  # fmt: skip


def rows(n: int) -> Iterator[tuple[object, ...]]:
    """Oldest first, evenly over ten years; about 3 % are open, most of them young."""
    dice = random.Random(5)
    kinds = list(Categories.load().values())
    departments = sorted({each.department for each in kinds})
    area_weight = list(accumulate(1 / (place + 3) for place in range(len(AREAS))))
    kind_weight = list(accumulate(1 / (place + 2) for place in range(len(kinds))))
    end, step = to_micros(END), YEARS * 365 * DAY // n
    for number in range(1, n + 1):
        at = end - (n - number) * step - dice.randrange(step)
        age = (end - at) / DAY
        is_open = dice.random() < (0.75 if age < 110 else 0.008)
        status = dice.choice(OPEN if is_open else CLOSED)
        kind = dice.choices(kinds, cum_weights=kind_weight)[0]
        area = dice.choices(AREAS, cum_weights=area_weight)[0] if dice.random() < 0.97 else None
        lon, lat = dice.uniform(WEST, EAST), dice.uniform(SOUTH, NORTH)
        first, second = dice.choices(WORDS_BY_RANK, cum_weights=OFTEN, k=2)
        body = dice.choice(SENTENCES).format(first, second, area or "市役所", dice.randrange(1000))
        department = kind.department if dice.random() < 0.95 else dice.choice(departments)
        due = at + kind.deadline_days * DAY if is_open else None
        public = dice.random() < 0.6
        cell = cell_of(lon, lat)
        yield (
            number, f"R{at // DAY // 365}-{number:07d}", f"{number:032x}", b"d", b"t" * 32, kind.code, status.value,
            STATE_NUMBER[status], "public" if public else "private", lon, lat, "map_tap", cell, body, 0, "{}",
            None if area is None else f'{{"name":"{area}","source_layer":"a","feature_id":"1","why":"w"}}',
            dice.choice(CHANNELS), "normal", "ja", department, 0, at, at + dice.randrange(30) * DAY, 3,
            f"staff{dice.randrange(40)}" if dice.random() < 0.7 else None, dice.choices((0, 1, 2, 3), (3, 94, 2.5, 0.5))[0],
            due, at if status in (Status.INFO_REQUESTED, Status.REFERRED) else None, area, int(dice.random() < 0.55),
            lon if public else None, lat if public else None, cell if public else None,
        )  # fmt: skip


def build(file: Path, n: int) -> None:
    """A store of n reports at a path, ready to be opened."""
    ReportStore.open(file).close()
    with closing(sqlite3.connect(file, isolation_level=None)) as raw:
        for pragma in (
            "journal_mode = DELETE",
            "synchronous = OFF",
            "cache_size = -400000",
            "temp_store = MEMORY",
        ):
            raw.execute("PRAGMA " + pragma)
        raw.execute("BEGIN")
        laid_aside = raw.execute(
            "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND (type = 'index' OR type = 'trigger')"
            " AND tbl_name IN ('report', 'report_text', 'photo')"
        ).fetchall()
        for kind, name, _ in laid_aside:
            raw.execute(f"DROP {kind} {name}")
        marks = ", ".join("?" * len(COLUMNS))
        raw.executemany(f"INSERT INTO report ({', '.join(COLUMNS)}) VALUES ({marks})", rows(n))
        raw.create_function("searched", 3, lambda *texts: searching.words([each for each in texts if each]))
        raw.execute("INSERT INTO report_text SELECT id, searched(public_id, body, area_name) FROM report")
        raw.execute("INSERT INTO report_search (report_search) VALUES ('rebuild')")
        raw.execute(
            "INSERT INTO photo (report_id, event_seq, sha256, original_sha256, width, height, bytes, role, pii_state,"
            " state, arrived_at) SELECT id, 1, printf('%064x', id), printf('%064x', id), 1600, 1200, 300000, 'before',"
            " 'clear', 'ready', received_at FROM report WHERE photo_count > 0"
        )
        for statement in (*count_again(), TALLY_AGAIN, *(sql for _, _, sql in laid_aside)):
            raw.execute(statement)
        raw.execute("COMMIT")


def build_on_server(address: str, n: int) -> None:
    """The same store in an empty database of a PostgreSQL server, as tidy as the server keeps it by itself."""
    ReportStore.open(address).close()
    with psycopg.connect(address, autocommit=True) as raw:
        raw.execute("SET session_replication_role = replica")  # triggers and foreign keys sleep
        raw.execute("SET synchronous_commit = off")
        raw.execute("SET maintenance_work_mem = '256MB'")
        laid_aside = raw.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN ('report', 'report_text') AND NOT EXISTS"
            " (SELECT 1 FROM pg_constraint WHERE conname = indexname)"
        ).fetchall()
        for name, _ in laid_aside:
            raw.execute(f"DROP INDEX {name}")
        with raw.cursor() as cursor:
            with cursor.copy(f"COPY report ({', '.join(COLUMNS)}) FROM STDIN") as into:
                for row in rows(n):
                    into.write_row(row)
            texts = (COLUMNS.index("public_id"), COLUMNS.index("body"), COLUMNS.index("area_name"))
            with cursor.copy("COPY report_text (report_id, words) FROM STDIN") as into:
                for row in rows(n):
                    into.write_row((row[0], searching.words(str(row[each]) for each in texts if row[each])))
        raw.execute(
            "INSERT INTO photo (report_id, event_seq, sha256, original_sha256, width, height, bytes, role, pii_state,"
            " state, arrived_at) SELECT id, 1, lpad(to_hex(id), 64, '0'), lpad(to_hex(id), 64, '0'), 1600, 1200, 300000,"
            " 'before', 'clear', 'ready', received_at FROM report WHERE photo_count > 0"
        )
        for statement in (*count_again(), TALLY_AGAIN, *(made for _, made in laid_aside)):
            raw.execute(statement)
        raw.execute("VACUUM ANALYZE")


def now() -> datetime:
    """The moment the town is looked at: right after the last report."""
    return END + timedelta(hours=1)
