"""What the recipes of docs/adding.md promise: a forgotten step is named by a test."""

from __future__ import annotations

from countlab.engines import ENGINES
from countlab.history.table import COLUMNS
from countlab.server import create_app
from countlab.settings import Settings
from tests.conftest import ROOT


def test_every_column_of_the_history_is_described_at_docs() -> None:
    document = create_app(settings=Settings(), history=True).openapi()
    page = document["paths"]["/history"]["get"]["responses"]["200"]["content"]["application/json"]
    schemas = document["components"]["schemas"]
    rows = schemas[page["schema"]["$ref"].rpartition("/")[2]]["properties"]["rows"]["items"]
    described = schemas[rows["$ref"].rpartition("/")[2]]["properties"]
    missing = set(COLUMNS) - set(described)
    assert not missing, f"give {missing} a type in countlab/server/routes/history.py"


def test_every_engine_is_named_where_options_are_explained() -> None:
    document = create_app().openapi()
    parameters = document["paths"]["/countObjects"]["post"]["parameters"]
    (engine,) = (entry for entry in parameters if entry["name"] == "engine")
    assert all(name in engine["description"] for name in ENGINES)


def test_the_architecture_page_names_every_folder_of_the_package() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    drawing = (ROOT / "docs" / "architecture.svg").read_text(encoding="utf-8")
    folders = [path.parent.name for path in (ROOT / "countlab").glob("*/__init__.py")]
    assert [name for name in folders if f"`{name}/`" not in text] == []
    assert [name for name in folders if f">{name}</text>" not in drawing] == []
