"""The first example of docs/api.md runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT


def test_the_example_counts_and_writes_the_picture(tmp_path: Path) -> None:
    (tmp_path / "images").symlink_to(ROOT / "images")
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    imports, example = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", imports + example], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[0]) > 0
    assert (tmp_path / "counted.jpg").stat().st_size > 10_000
