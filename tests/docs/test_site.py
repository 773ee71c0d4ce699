"""The documentation builds as a site, without warnings, and asks nothing of the internet."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

PROGRAMS = (ROOT / ".venv-docs" / "bin" / "mkdocs", Path(sys.executable).with_name("mkdocs"))
_FETCHED = re.compile(r"<(?:script|img|link rel=\"(?:stylesheet|icon)\")[^>]*https?:[^>]*>")


@pytest.mark.slow
def test_the_site_builds_strictly_and_works_offline(tmp_path: Path) -> None:
    program = next((path for path in PROGRAMS if path.is_file()), None)
    if program is None:
        pytest.skip("needs mkdocs, which is not here (make docs sets it up)")
    done = subprocess.run(
        [program, "build", "--strict", "--site-dir", tmp_path / "site"],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    pages = {path.name: path.read_text("utf-8") for path in (tmp_path / "site").glob("*.html")}
    assert {"index.html", "architecture.html", "api.html", "own-model.html"} <= set(pages)
    for name, page in pages.items():
        fetched = re.findall(
            r"<(?:script|img|link rel=\"(?:stylesheet|icon)\")[^>]*https?:[^>]*>", page
        )
        assert fetched == [], name
    for name in ("Client", "Pipeline", "PredictOptions", "create_app", "CountlabError", "Settings"):
        assert f"{name}</" in pages["api.html"], name
