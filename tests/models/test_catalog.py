"""Models are data: what is built in, published, or dropped into a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from countlab.errors import CountlabError
from countlab.models.catalog import read_catalog

ENTRY = """
name = "mine"
labels = "mine.names"
nms = 0.6
[files]
config = { name = "mine.cfg" }
weights = { name = "mine.weights" }
"""


def own_model(home: Path, entry: str = ENTRY, labels: str = "cat\ndog\n") -> Path:
    folder = home / "mine"
    folder.mkdir(parents=True)
    (folder / "model.toml").write_text(entry)
    (folder / "mine.names").write_text(labels)
    return folder


def test_fruits_is_built_in(home: Path) -> None:
    fruits = read_catalog(home).find("fruits")
    assert fruits.origin == "built-in"
    assert {"apple", "banana", "orange", "lemon"} <= set(fruits.labels)
    assert fruits.input == (416, 416)


@pytest.mark.parametrize(
    "name", ["yolov3", "yolov3-tiny", "yolov4", "yolov4-tiny", "yolo-fastest-xl"]
)
def test_published_models_are_described_as_data(name: str, home: Path) -> None:
    model = read_catalog(home).find(name)
    assert len(model.labels) == 80
    assert model.nms == 0.3
    for file in model.files.values():
        assert len(file.addresses) >= 2, "one address that goes away must not end the lab"
        assert all(address.startswith("https://") for address in file.addresses)


def test_a_folder_dropped_into_the_models_folder_is_there_at_once(home: Path) -> None:
    assert "mine" not in read_catalog(home).models
    folder = own_model(home)
    model = read_catalog(home).find("mine")
    assert (model.origin, model.labels, model.nms) == ("own", ("cat", "dog"), 0.6)
    assert model.folder == folder


def test_a_changed_entry_is_read_again(home: Path) -> None:
    folder = own_model(home)
    read_catalog(home)
    (folder / "model.toml").write_text(ENTRY.replace("0.6", "0.7") + "# longer\n")
    assert read_catalog(home).find("mine").nms == 0.7


def test_an_unknown_model_names_the_nearest_first(home: Path) -> None:
    with pytest.raises(CountlabError) as caught:
        read_catalog(home).find("yolo3-tiny")
    assert caught.value.code == "unknown_model"
    assert caught.value.facts["known"][0] == "yolov3-tiny"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("name = ", "Invalid value"),
        ("labels = 'mine.names'\n[files]\n", "name"),
        (ENTRY.replace('"mine.cfg"', '"../../secret.cfg"'), "same folder"),
        (ENTRY.replace('"mine.names"', '"/etc/hostname"'), "same folder"),
        (ENTRY.replace('name = "mine"', 'name = "../up"'), "only letters"),
        (ENTRY.replace("mine.names", "absent.names"), "absent.names"),
        ('task = "guess"\n' + ENTRY, "guess"),
    ],
)  # fmt: skip
def test_a_wrong_folder_spoils_no_other_and_is_told(home: Path, entry: str, said: str) -> None:
    own_model(home, entry)
    catalog = read_catalog(home)
    assert "fruits" in catalog.models
    assert said in str(catalog.unreadable[0])


def test_labels_without_any_are_refused(home: Path) -> None:
    own_model(home, labels="\n\n")
    assert "no labels" in str(read_catalog(home).unreadable[0])
