"""Every cache in the package is bounded: by a number of entries, or by what can be its key."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.conftest import ROOT

PACKAGE = ROOT / "countlab"
# Caches without a size, and why they cannot grow.
BOUNDED_BY_THEIR_KEYS = {
    ("messages.py", "message_table"): "no arguments",
    ("web/strings.py", "all_strings"): "no arguments",
    ("datasets/explore/page.py", "page_words"): "a language: two",
    ("web/health.py", "_libraries"): "a language: two",
    ("engines/openvino/engine.py", "_core"): "no arguments",
    ("engines/cvlib.py", "_load"): "no arguments",
    ("imaging/jpeg.py", "_options"): "no arguments",
}
_MAX_ENTRIES = 1024


def decorated(path: Path) -> list[tuple[ast.FunctionDef, str]]:
    """Functions with a cache, and the decorator as it is written."""
    return [
        (node, ast.unparse(decorator))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
        for decorator in node.decorator_list
        if ast.unparse(decorator).split("(")[0].rpartition(".")[2] in ("cache", "lru_cache")
    ]


def test_every_cache_has_a_size_or_no_arguments_that_strangers_choose() -> None:
    found = 0
    for path in sorted(PACKAGE.rglob("*.py")):
        name = str(path.relative_to(PACKAGE))
        if name.split("/")[0] in ("cli", "grading", "training", "video"):
            continue  # no server runs them
        for function, decorator in decorated(path):
            found += 1
            if decorator.startswith(("lru_cache(", "functools.lru_cache(")):
                size = int(decorator.partition("maxsize=")[2].rstrip(")"))
                assert 0 < size <= _MAX_ENTRIES, (name, function.name)
            else:
                arguments = function.args.args + function.args.kwonlyargs
                is_known = (name, function.name) in BOUNDED_BY_THEIR_KEYS
                assert is_known or not arguments, (name, function.name)
    assert found >= 8
