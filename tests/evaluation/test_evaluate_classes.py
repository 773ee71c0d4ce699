"""`countlab evaluate` for classifiers: folders, labs, the page, the gate."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from countlab.imaging.picture import write_picture
from tests.conftest import Run
from tests.tasks import graphs

COLORS = {"red": (40, 40, 220), "green": (40, 220, 40), "blue": (220, 40, 40)}


def write_model(home: Path, name: str, *, weak: bool = False) -> Path:
    """It goes by the mean color; the weak one takes red for green, as its labels are swapped."""
    folder = home / "models" / name
    folder.mkdir(parents=True)
    labels = ("green", "red", "blue") if weak else graphs.LABELS
    (folder / "labels.txt").write_text("\n".join(labels) + "\n")
    (folder / "model.toml").write_text(
        f'name = "{name}"\ntask = "classify"\nlabels = "labels.txt"\n'
        '[files]\ngraph = { name = "graph.onnx" }\n[unfamiliar]\nthreshold = 0.9\n'
    )
    graphs.classifier_with_maps(folder / "graph.onnx")
    return folder


@pytest.fixture
def model(home: Path) -> Path:
    return write_model(home, "colors")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four pictures a class; one that lies among the red ones is blue."""
    random = np.random.default_rng(3)
    for label, color in COLORS.items():
        place = tmp_path / "photos" / label
        place.mkdir(parents=True)
        for number in range(4):
            ground = (220, 40, 40) if (label, number) == ("red", 3) else color
            pixels = np.full((32, 48, 3), ground, np.uint8)
            pixels[random.integers(32), random.integers(48)] = 0
            (place / f"<{number}>.png").write_bytes(write_picture(pixels, "PNG"))
    return tmp_path / "photos"


@pytest.fixture
def lab(tmp_path: Path, folder: Path) -> Path:
    """Its split says that the first picture of each class and the odd one judge."""
    place = tmp_path / "labs" / "colors"
    place.mkdir(parents=True)
    (place / "lab.toml").write_text(
        f'classes = ["red", "green", "blue"]\n[[data]]\nkind = "folder"\npath = "{folder}"\n'
        'origin = "made here"\n'
    )
    lines = ["digest,part,name"]
    for path in sorted(folder.rglob("*.png")):
        judges = path.name == "<0>.png" or (path.parent.name, path.name) == ("red", "<3>.png")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        lines.append(f"{digest},{'test' if judges else 'train'},{path.name}")
    (place / "split.csv").write_text("\n".join(lines) + "\n")
    return place


@pytest.mark.usefixtures("model")
def test_tables_show_classes_confusion_and_calibration(run: Run, folder: Path) -> None:
    status, out, err = run("evaluate", folder, "--model", "colors")
    assert (status, err) == (0, "")
    for word in ("91.7%", "recall", "F1", "is ↓", "when so sure", "by chance"):
        assert word in out
    red = next(line for line in out.splitlines() if re.match(r"red\s+3\s", line))
    assert red.split() == ["red", "3", "·", "1"]
    assert max(map(len, out.splitlines())) <= 100


@pytest.mark.usefixtures("model")
def test_json_has_figures_answers_and_rows(run: Run, folder: Path) -> None:
    status, out, _ = run("evaluate", folder, "--model", "colors", "--json")
    assert status == 0
    (result,) = json.loads(out)["results"]
    assert result["sets"]["photos"]["classes"]["red"]["recall"] == 3 / 4
    assert result["sets"]["photos"]["confusion"][0] == [3, 0, 1]
    assert ["red/<3>.png", "red", 1, 0] in result["rows"]
    name, truth, said, confidence = next(a for a in result["answers"] if "red/<3>" in a[0])
    assert (name, truth, said) == ("red/<3>.png", "red", "blue")
    assert 0.5 < confidence < 1


@pytest.mark.usefixtures("model")
def test_page_is_the_one_of_counting_with_heat_maps(run: Run, folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    assert run("evaluate", folder, "--model", "colors", "--html", page)[0] == 0
    text = page.read_text()
    assert not re.findall(r'(?:src|href)="(?!data:|#)[^"]*"', text), "nothing is fetched"
    assert text.count("<svg") == 2
    assert re.findall(r'alt="([^"]*)"', text) == ["red/&lt;3&gt;.png with what speaks for blue"]
    assert "is red, called <b>blue</b>" in text
    counting = tmp_path / "counting.html"
    assert run("evaluate", "images", "--html", counting)[0] == 0
    style = re.compile("<style>.*?</style>", re.DOTALL)
    assert style.findall(text)[0] == style.findall(counting.read_text())[0], "one for both"


@pytest.mark.usefixtures("model")
def test_a_lab_is_judged_on_what_its_split_holds_back(run: Run, lab: Path) -> None:
    status, out, err = run("evaluate", lab, "--json")
    assert (status, err) == (0, "")
    (result,) = json.loads(out)["results"]
    assert result["model"] == "colors"
    assert sorted(row[0] for row in result["rows"]) == [
        "blue/<0>.png", "green/<0>.png", "red/<0>.png", "red/<3>.png",
    ]  # fmt: skip
    assert result["sets"]["test"]["accuracy"] == 3 / 4


@pytest.mark.usefixtures("model")
def test_sets_of_a_lab_are_kept_apart_and_what_is_missing_is_said(
    run: Run, lab: Path, folder: Path
) -> None:
    with (lab / "lab.toml").open("a") as file:
        file.write(f'[[judge]]\nname = "all"\nkind = "folder"\npath = "{folder}"\n')
        file.write('[[judge]]\nname = "gone"\nkind = "folder"\npath = "classify/nowhere"\n')
    status, out, err = run("evaluate", lab, "--json")
    assert status == 0
    assert "“gone” is left out" in err
    (result,) = json.loads(out)["results"]
    assert {name: s["pictures"] for name, s in result["sets"].items()} == {"test": 4, "all": 12}
    names = [row[0] for row in result["rows"]]
    assert len(set(names)) == 16, "one picture may stand in two sets"
    assert "all: red/<3>.png" in names


@pytest.mark.usefixtures("model")
def test_a_lab_without_its_pictures_says_what_to_fetch(run: Run, lab: Path, folder: Path) -> None:
    shutil.rmtree(folder)
    text = (lab / "lab.toml").read_text().replace(str(folder), "classify/nowhere")
    (lab / "lab.toml").write_text(text)
    status, out, err = run("evaluate", lab)
    assert (status, out) == (1, "")
    assert "countlab data labs/colors" in err
    assert "classify/nowhere" in err


def test_pictures_that_taught_the_model_do_not_judge_it(
    run: Run, model: Path, lab: Path, folder: Path
) -> None:
    (model / "training").mkdir()
    shutil.copy(lab / "split.csv", model / "training")
    status, out, err = run("evaluate", folder, "--model", "colors", "--json")
    assert status == 0
    assert "8 of these pictures taught colors" in err
    assert len(json.loads(out)["results"][0]["rows"]) == 4
    rows = (lab / "split.csv").read_text().replace(",test,", ",train,")
    (model / "training/split.csv").write_text(rows)
    status, _, err = run("evaluate", folder, "--model", "colors")
    assert status == 1
    assert "has not seen" in err


@pytest.mark.usefixtures("model")
def test_gate_is_paired_and_closes_on_a_worse_model(
    run: Run, home: Path, folder: Path, tmp_path: Path
) -> None:
    write_model(home, "weak", weak=True)
    saved = tmp_path / "colors.json"
    saved.write_text(run("evaluate", folder, "--model", "colors", "--json")[1])
    for other in ("colors", saved):
        gate = "evaluate", folder, "--model", "weak", "--against", other
        status, _, err = run(*gate)
        assert status == 1
        assert "Share of wrong answers" in err
        assert "worse" in err
    status, out, err = run("evaluate", folder, "--model", "colors", "--against", "weak", "--json")
    assert status == 0
    assert json.loads(out)["against"]["value"] == pytest.approx(-7 / 12)
    assert run("evaluate", folder, "--model", "weak", "--against", "colors",
               "--max-mae-increase", 0.99)[0] == 0  # fmt: skip


@pytest.mark.usefixtures("model")
def test_unreadable_pictures_and_unknown_folders_are_named(run: Run, folder: Path) -> None:
    (folder / "red" / "broken.png").write_bytes(b"no picture")
    status, out, err = run("evaluate", folder, "--model", "colors", "--json")
    assert status == 1
    assert "red/broken.png: This is not a picture" in err
    assert json.loads(out)["results"][0]["errors"] == {"red/broken.png": "not_a_picture"}
    shutil.copytree(folder / "red", folder / "crimson")
    status, _, err = run("evaluate", folder, "--model", "colors")
    assert status == 1
    assert "crimson" in err
    assert "green" in err


@pytest.mark.usefixtures("model")
def test_options_of_counting_are_refused_for_classes(run: Run, folder: Path) -> None:
    status, _, err = run("evaluate", folder, "--model", "colors", "--tiles", "auto")
    assert status == 2
    assert "about counts" in err
