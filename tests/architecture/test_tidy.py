"""What a reviewer would otherwise have to say again and again."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from domain.errors import Refusal
from interfaces.http.errors import STATUS

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("domain", "application", "projections", "infrastructure", "interfaces", "tests")
SOURCES = [
    path
    for each in PACKAGES
    for path in sorted((ROOT / each).rglob("*.py"))
    if "node_modules" not in path.parts
]
WEB = [
    path
    for pattern in ("*.svelte", "*.ts")
    for path in sorted((ROOT / "interfaces/web/src").rglob(pattern))
    if not path.name.endswith(".d.ts")
]
PYTHON_LINES_MAX = 400
FUNCTION_LINES_MAX = 40
SVELTE_LINES_MAX = 250
TYPESCRIPT_LINES_MAX = 300
MARKS = ("TODO", "FIXME", "XXX")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_files_and_functions_fit_the_eye(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= PYTHON_LINES_MAX
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno
            assert lines < FUNCTION_LINES_MAX, node.name


@pytest.mark.parametrize("path", WEB, ids=name_of)
def test_web_files_fit_the_eye(path: Path) -> None:
    limit = SVELTE_LINES_MAX if path.suffix == ".svelte" else TYPESCRIPT_LINES_MAX
    assert len(path.read_text().splitlines()) <= limit


@pytest.mark.parametrize("path", [*SOURCES, *WEB], ids=name_of)
def test_nothing_is_left_for_later(path: Path) -> None:
    if path != Path(__file__):
        assert not [mark for mark in MARKS if mark in path.read_text()]


def test_every_kind_of_refusal_has_a_status() -> None:
    assert {each.kind for each in Refusal.__subclasses__()} <= set(STATUS)


def test_layers_point_inwards() -> None:
    lint = Path(sys.executable).parent / "lint-imports"
    checked = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout
