"""Whatever can be wrong with a file, there is a sentence for it that says what to do."""

from __future__ import annotations

import re

from gisapp.flows.explain import explain_fault
from gisapp.words import sentences
from layers.errors import Fault, Grade
from layers.readers import cells
from tests.conftest import ROOT

_CODE = re.compile(r"""(?:Fault|refusal)\(\s*"([a-z_]+)",""")
_CELLS = [value for name, value in vars(cells).items() if name.isupper() and isinstance(value, str)]


def test_every_fault_that_the_code_names_has_its_sentence() -> None:
    named = {
        code
        for path in (ROOT / "layers").rglob("*.py")
        for code in _CODE.findall(path.read_text(encoding="utf-8"))
    }
    assert len(named) > 40
    assert sorted(code for code in named if f"faults.{code}" not in sentences("ja")) == []


def test_every_repair_of_a_cell_has_a_sentence_for_one_and_for_many() -> None:
    repairs = [code for code in _CELLS if f"faults.{code}" in sentences("ja")]
    assert len(repairs) >= 6
    for code in (*repairs, "placed_by_address", "placed_by_area"):
        for fault in (
            Fault(code, Grade.REPAIR, 7, "名称", "まえ", "あと"),
            Fault(f"{code}_many", Grade.REPAIR, None, "名称", "まえ → あと", "60"),
        ):
            assert "まえ" in explain_fault(fault) or code == "line_break"
