"""docs/reliability.md names existing tests and settings."""

from __future__ import annotations

import re

from countlab.settings import Settings
from tests.conftest import ROOT

DOCUMENT = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")


def test_named_tests_exist() -> None:
    references = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", DOCUMENT)
    assert len(references) > 10
    for file, name in references:
        assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8")


def test_named_settings_exist() -> None:
    for name in set(re.findall(r"`COUNTLAB_(\w+)", DOCUMENT)):
        assert hasattr(Settings(), name.lower()), name
