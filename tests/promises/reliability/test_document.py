"""docs/reliability.md names tests that exist, and settings that are read."""

from __future__ import annotations

import re

from countlab.settings import Settings
from tests.conftest import ROOT

DOCUMENT = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")


def test_every_test_that_it_names_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", DOCUMENT)
    assert len(named) > 10
    for file, name in named:
        assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8")


def test_every_setting_that_it_names_is_read() -> None:
    for name in set(re.findall(r"`COUNTLAB_(\w+)", DOCUMENT)):
        assert hasattr(Settings(), name.lower()), name
