"""Names of labels: plurals in both languages, and the label that a word means."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from countlab.errors import CountlabError
from countlab.models.catalog import Model, read_catalog
from countlab.models.entry import read_entry
from countlab.models.labels import label_for, name_of, plural_of, spanish_plural
from tests.conftest import FRUITS


@pytest.fixture
def fruits() -> Model:
    return read_catalog(Path("none")).models["fruits"]


@pytest.mark.parametrize(
    ("label", "plural"),
    [("orange", "Oranges"), ("bus", "Buses"), ("person", "People"), ("traffic light",
      "TrafficLights"), ("cherry", "Cherries"), ("sheep", "Sheep")],
)  # fmt: skip
def test_english_plurals(label: str, plural: str) -> None:
    assert plural_of(label) == plural


@pytest.mark.parametrize(
    ("name", "plural"),
    [("naranja", "naranjas"), ("limón", "limones"), ("pez", "peces"), ("café", "cafés"),
     ("reloj", "relojes"), ("autobús", "autobuses"), ("paraguas", "paraguas"), ("rubí", "rubíes"),
     ("señal de alto", "señales de alto")],
)  # fmt: skip
def test_spanish_plurals(name: str, plural: str) -> None:
    assert spanish_plural(name) == plural


@pytest.mark.parametrize("word", ["lemon", "Lemons", "limón", "LIMON", "limones", "Limones"])
def test_a_word_means_its_label(fruits: Model, word: str) -> None:
    assert label_for(fruits, word) == "lemon"


def test_an_unknown_word_is_refused_with_the_nearest_label_first(fruits: Model) -> None:
    with pytest.raises(CountlabError) as refused:
        label_for(fruits, "naranxa")
    assert refused.value.code == "unknown_object"
    assert refused.value.facts["known"][0] == "orange"


def test_an_irregular_plural_is_written_beside_the_name(fruits: Model) -> None:
    names = {"es": {"apple": "régimen/regímenes"}}
    model = replace(fruits, names=names)
    assert label_for(model, "regimenes") == "apple"
    assert name_of("apple", 2, "es", names) == "regímenes"
    assert name_of("apple", 1, "es", names) == "régimen"
    assert name_of("orange", 2, "es", names) == "orange", "a label without a name is itself"


def test_a_label_comes_before_another_labels_name(fruits: Model) -> None:
    model = replace(fruits, names={"es": {"apple": "lemon"}})
    assert label_for(model, "lemon") == "lemon"


@pytest.mark.parametrize("names", ['es = "naranja"', "[names.es]\norange = 5",
                                   '[names.es]\norange = ""'])  # fmt: skip
def test_names_of_another_form_are_refused(tmp_path: Path, names: str) -> None:
    text = (FRUITS / "model.toml").read_text(encoding="utf-8").partition("[names.es]")[0]
    names = names if names.startswith("[") else f"[names]\n{names}"
    (tmp_path / "model.toml").write_text(f"{text}\n{names}\n", encoding="utf-8")
    (tmp_path / "fruits.names").write_text("apple\nbanana\norange\nlemon\n")
    with pytest.raises(CountlabError) as refused:
        read_entry(tmp_path / "model.toml", "own")
    assert refused.value.code == "bad_model_folder"
