"""The rules of the house hold: imports, words, glossary, assets, and what the repository may not contain."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from gisapp.assets import LIBRARIES, OURS, OWN, UnknownAsset, file_of
from gisapp.words import UnknownSentence, say, sentences
from layers.kinds import KINDS
from reports_store import Categories, PublicState, Status
from tests.conftest import ROOT

PACKAGES = ("gisapp", "layers", "reports_store")
KEY = re.compile(r"""say\(\s*f?["']([a-z_]+\.[a-z_.]+)["']""")


def python_files() -> list[Path]:
    return [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    tool = Path(sys.executable).with_name("lint-imports")
    return subprocess.run([tool, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False)


def test_an_upward_import_is_refused(tmp_path: Path) -> None:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    assert lint(tmp_path).returncode == 0
    with (tmp_path / "layers" / "names.py").open("a") as file:
        file.write("\nfrom gisapp import words  # planted\n")

    refused = lint(tmp_path)

    assert refused.returncode != 0
    assert "layers.names" in refused.stdout


def test_only_pages_and_the_app_object_import_streamlit() -> None:
    found = {path.relative_to(ROOT).parts[1] for path in python_files() if imports(path, "streamlit")}
    assert found <= {"pages"}


def test_only_the_map_and_the_pages_that_show_it_import_folium() -> None:
    found = {path.relative_to(ROOT).parts[1] for path in python_files() if imports(path, "folium")}
    assert found <= {"map", "pages"}


def imports(path: Path, module: str) -> bool:
    for node in ast.walk(ast.parse(path.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        if any(name.split(".")[0] in {module, f"{module}_folium"} for name in names):
            return True
    return False


def test_changing_or_protected_files_never_pass_through_streamlits_media_store() -> None:
    banned = re.compile(r"st\.(download_button|image|map|pydeck_chart|camera_input|audio|video)\(")
    assert [str(path) for path in python_files() if banned.search(path.read_text())] == []


def test_no_page_draws_markdown_from_a_persons_words() -> None:
    assert [str(path) for path in python_files() if "unsafe_allow_html" in path.read_text()] == []


def test_every_sentence_that_the_code_asks_for_exists() -> None:
    asked = {key for path in python_files() for key in KEY.findall(path.read_text())}
    assert asked
    known = sentences("ja")
    assert sorted(key for key in asked if key not in known) == []


def test_an_unknown_sentence_is_an_error_and_not_an_empty_screen() -> None:
    with pytest.raises(UnknownSentence):
        say("page.no_such_sentence")


def test_values_in_a_sentence_are_not_read_as_templates() -> None:
    assert "{0.__class__}" in say("map.search_none", text="{0.__class__}")


def test_the_scripts_words_all_exist() -> None:
    script = (OWN / "map.js").read_text()
    asked = set(re.findall(r"""this\.say\(["']([a-z_]+)["']""", script))
    assert asked
    assert sorted(key for key in asked if f"map.{key}" not in sentences("ja")) == []


@pytest.mark.parametrize("script", [name for name in OURS if name.endswith(".js")])
def test_the_words_of_the_tools_all_exist(script: str) -> None:
    asked = re.findall(r"""live\.say\(["']([a-z_]+)["']""", (OWN / script).read_text())
    assert sorted(key for key in asked if f"map.{key}" not in sentences("ja")) == []


def test_every_state_has_its_words() -> None:
    for status in Status:
        assert say(f"report.status.{status}")
    for state in PublicState:
        assert say(f"report.state.{state}")


def test_the_glossary_names_every_kind_category_and_status() -> None:
    glossary = (ROOT / "docs" / "glossary.md").read_text()
    wanted = [*KINDS, *Categories.load(), *(status.value for status in Status)]
    assert [term for term in wanted if f"| {term} |" not in glossary] == []


def test_every_asset_is_served_and_nothing_else_is() -> None:
    for name in LIBRARIES:
        assert file_of(name, ROOT / "node_modules").is_file(), name
    for name in OURS:
        assert file_of(f"gisapp/{name}", ROOT).is_file(), name
    for name in ("leaflet/../../pyproject.toml", "gisapp/../words/ja/map.toml", "../pyproject.toml", ""):
        with pytest.raises(UnknownAsset):
            file_of(name, ROOT / "node_modules")


def test_locks_carry_hashes_and_no_registry_address() -> None:
    for name in ("run", "test"):
        lock = (ROOT / "requirements" / f"{name}.txt").read_text()
        assert "://" not in lock
        for requirement in re.findall(r"^[a-zA-Z0-9_.-]+==.*$", lock, re.M):
            assert requirement.endswith("\\"), requirement
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text()


def test_what_is_imported_is_also_declared() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    names = {re.split(r"[=<>]", line)[0].replace("-", "_").lower() for line in declared}
    alias = {"pil": "pillow", "argon2": "argon2_cffi"}
    found = set()
    for path in python_files():
        for node in ast.walk(ast.parse(path.read_text())):
            modules = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules = [node.module]
            found |= {module.split(".")[0].lower() for module in modules}
    foreign = {
        alias.get(one, one) for one in found if one not in sys.stdlib_module_names and one not in PACKAGES
    }
    assert sorted(foreign - names - {"streamlit_folium"}) == []


def test_modules_open_nothing_when_imported() -> None:
    """Importing every module leaves no file, socket or database behind in an empty folder."""
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in python_files()
        if "pages" not in path.parts and path.name != "env.py" and "versions" not in path.parts
    ]
    names = ",".join(module.removesuffix(".__init__") for module in modules)
    probe = (
        "import importlib, sys, os\n"
        "sys.addaudithook(lambda event, args: event in ('socket.connect', 'sqlite3.connect') and os._exit(9))\n"
        f"[importlib.import_module(name) for name in {names.split(',')!r}]\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_settings_that_were_measured_or_are_needed_on_a_closed_network_are_set() -> None:
    found = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    assert found["runner"]["postScriptGC"] is False
    assert found["server"]["fileWatcherType"] == "none"
    assert found["server"]["maxUploadSize"] == 25
    assert found["server"]["address"] == "127.0.0.1"
    assert found["browser"]["gatherUsageStats"] is False
    assert found["client"]["showErrorDetails"] == "none"
    assert found["client"]["showErrorLinks"] is False
    assert found["client"]["allowedOrigins"] == []
