"""The labs' notebooks in both languages: one code, two proses, nothing run beforehand.

That they run from top to bottom is in tests/classifiers, where torch is at hand.
"""

from __future__ import annotations

from typing import Any

import nbformat
import pytest

from tests.conftest import ROOT

LABS = ("digits", "catsdogs", "weather", "octagons")


def cells(lab: str, ending: str) -> list[Any]:
    path = ROOT / "labs" / lab / f"{lab}{ending}"
    found: list[Any] = nbformat.read(path, as_version=4).cells  # type: ignore[no-untyped-call]
    return found


def code(cell: Any) -> str:
    lines = cell.source.splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("#"))


@pytest.mark.parametrize("lab", LABS)
def test_both_languages_run_the_same_code(lab: str) -> None:
    english, spanish = cells(lab, ".ipynb"), cells(lab, ".es.ipynb")
    assert [cell.cell_type for cell in english] == [cell.cell_type for cell in spanish]
    for one, other in zip(english, spanish, strict=True):
        if one.cell_type == "code":
            assert code(one) == code(other)
            assert not one.outputs
            assert not other.outputs
        else:
            assert one.source != other.source, "every text is in both languages"


@pytest.mark.parametrize("lab", LABS)
def test_each_readme_leads_to_the_notebook_in_its_language(lab: str) -> None:
    for readme, notebook in (("README.md", f"{lab}.ipynb"), ("README.es.md", f"{lab}.es.ipynb")):
        text = (ROOT / "labs" / lab / readme).read_text(encoding="utf-8")
        assert f"]({notebook})" in text
