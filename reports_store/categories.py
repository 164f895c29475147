"""The kinds of report the town takes, read from one file; every fault of the file is told at once."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from reports_store.errors import CategoryFault, CategoryFaults, UnknownCategory
from reports_store.ground import PublicPlace

E = TypeVar("E", bound=StrEnum)
SHIPPED = Path(__file__).with_name("categories.toml")
# Where a category does not say otherwise: a year, two, and the five years of an ordinary record (文書管理規程).
CONTACT_DAYS, ARCHIVE_DAYS, KEEP_DAYS = 365, 730, 1826


class Publish(StrEnum):
    """When a category's reports become public; what is never public is not even counted outside."""

    AT_ONCE = "at_once"
    AFTER_CHECK = "after_check"
    NEVER = "never"


@dataclass(frozen=True)
class Question:
    """What a resident is asked. Without choices it is a short free answer, which is never made public."""

    id: str
    ask_ja: str
    choices_ja: tuple[str, ...] = ()


@dataclass(frozen=True)
class Category:
    code: str
    names: Mapping[str, str]
    hint_ja: str
    group: str
    department: str
    deadline_days: int
    disaster: bool
    symbol: str
    public_place: PublicPlace
    publish: Publish
    danger_ja: str | None
    questions: tuple[Question, ...]
    # Days after closing until the contact data goes, the report is archived, and it is removed (reports_store.retention).
    contact_days: int = CONTACT_DAYS
    archive_days: int = ARCHIVE_DAYS
    keep_days: int = KEEP_DAYS
    seen_by: tuple[str, ...] = ()  # departments besides its own that may read its reports; none named: all

    def name(self, lang: str = "ja") -> str:
        """The name in a language, or in Japanese where that language has none."""
        return self.names.get(lang, self.names["ja"])


class Categories(Mapping[str, Category]):
    """All categories by code, in the order of the file."""

    def __init__(self, known: Mapping[str, Category]) -> None:
        self._known = dict(known)

    @classmethod
    def load(cls, path: Path = SHIPPED) -> Categories:
        """Read a categories file (TOML). Raises CategoryFaults with all its faults."""
        entries = _parsed(path)
        faults: list[CategoryFault] = []
        known = {code: _Entry(code, entry, faults).category() for code, entry in entries.items()}
        if not entries:
            faults.append(CategoryFault("", "", "no entry", "at least one category"))
        if faults:
            raise CategoryFaults(path.name, tuple(faults))
        return cls(known)

    def __getitem__(self, code: str) -> Category:
        try:
            return self._known[code]
        except KeyError:
            raise UnknownCategory(code, tuple(self._known)) from None

    def hides(self, code: str) -> bool:
        """Whether reports of a category are for the town hall and their sender only."""
        return code in self._known and self._known[code].publish is Publish.NEVER

    def __contains__(self, code: object) -> bool:
        return code in self._known

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


def _parsed(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        fault = CategoryFault("", "", str(error), "a readable TOML file in UTF-8")
        raise CategoryFaults(path.name, (fault,)) from error


_KNOWN = frozenset({
    "names", "hint_ja", "group", "department", "deadline_days", "disaster", "symbol", "public_place",
    "publish",
    "danger_ja", "questions", "seen_by", "contact_days", "archive_days", "keep_days",
})  # fmt: skip


class _Entry:
    """One entry of the file on its way to a Category; faults are noted and a stand-in carries on."""

    def __init__(self, code: str, entry: object, faults: list[CategoryFault]) -> None:
        self.code, self.faults = code, faults
        self.entry: dict[str, object] = entry if isinstance(entry, dict) else {}
        if not isinstance(entry, dict):
            self.fault("", entry, "a table [code]")
        if not code.replace("_", "").isalnum() or not code.isascii() or code != code.lower():
            self.fault("", code, "small letters, digits and _ as the code")
        for stray in sorted(set(self.entry) - _KNOWN):
            self.fault(stray, self.entry[stray], "one of " + ", ".join(sorted(_KNOWN)))

    def fault(self, field: str, found: object, expected: str) -> None:
        shown = "absent" if found is None else str(found)[:80]
        self.faults.append(CategoryFault(self.code, field, shown, expected))

    def category(self) -> Category:
        return Category(
            code=self.code,
            names=self.names(),
            hint_ja=self.text("hint_ja"),
            group=self.text("group"),
            department=self.text("department"),
            deadline_days=self.days("deadline_days"),
            disaster=self.yes_or_no("disaster"),
            symbol=self.symbol(),
            public_place=self.one_of("public_place", PublicPlace, PublicPlace.AREA),
            publish=self.one_of("publish", Publish, Publish.AFTER_CHECK),
            danger_ja=self.text("danger_ja") if "danger_ja" in self.entry else None,
            questions=self.questions(),
            seen_by=self.departments("seen_by"),
            contact_days=self.kept_days("contact_days", CONTACT_DAYS),
            archive_days=self.kept_days("archive_days", ARCHIVE_DAYS),
            keep_days=self.kept_days("keep_days", KEEP_DAYS),
        )

    def text(self, field: str) -> str:
        value = self.entry.get(field)
        if isinstance(value, str) and value.strip():
            return value
        self.fault(field, value, "text")
        return ""

    def symbol(self) -> str:
        value = self.text("symbol")
        if len(value) > 1:
            self.fault("symbol", value, "one character")
        return value

    def days(self, field: str) -> int:
        value = self.entry.get(field)
        if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 366:
            return value
        self.fault(field, value, "whole days, 1 to 366")
        return 1

    def kept_days(self, field: str, usual: int) -> int:
        value = self.entry.get(field, usual)
        if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 36_500:
            return value
        self.fault(field, value, "whole days, 1 to 36500")
        return usual

    def yes_or_no(self, field: str) -> bool:
        value = self.entry.get(field)
        if not isinstance(value, bool):
            self.fault(field, value, "true or false")
        return value is True

    def one_of(self, field: str, kinds: type[E], stand_in: E) -> E:
        value = self.entry.get(field)
        if isinstance(value, str) and value in list(kinds):
            return kinds(value)
        self.fault(field, value, " | ".join(kinds))
        return stand_in

    def departments(self, field: str) -> tuple[str, ...]:
        value = self.entry.get(field, [])
        if not isinstance(value, list) or not all(isinstance(each, str) and each.strip() for each in value):
            self.fault(field, value, "a list of departments")
            return ()
        return tuple(value)

    def names(self) -> Mapping[str, str]:
        value = self.entry.get("names")
        names = value if isinstance(value, dict) else {}
        for lang in ("ja", "en"):
            if not isinstance(names.get(lang), str) or not names[lang].strip():
                self.fault(f"names.{lang}", names.get(lang), "a name")
        return {lang: str(name) for lang, name in names.items()}

    def questions(self) -> tuple[Question, ...]:
        value = self.entry.get("questions", [])
        if not isinstance(value, list) or not 1 <= len(value) <= 3:
            self.fault("questions", value, "one to three questions")
            return ()
        asked = tuple(self.question(f"questions[{number}]", each) for number, each in enumerate(value))
        if len({each.id for each in asked}) != len(asked):
            self.fault("questions", [each.id for each in asked], "a different id for each")
        return asked

    def question(self, where: str, value: object) -> Question:
        entry = value if isinstance(value, dict) else {}
        for field in ("id", "ask_ja"):
            if not isinstance(entry.get(field), str) or not entry[field].strip():
                self.fault(f"{where}.{field}", entry.get(field), "text")
        choices = entry.get("choices_ja", [])
        if not isinstance(choices, list) or not all(isinstance(each, str) and each for each in choices):
            self.fault(f"{where}.choices_ja", choices, "a list of texts")
            choices = []
        return Question(str(entry.get("id")), str(entry.get("ask_ja")), tuple(choices))
