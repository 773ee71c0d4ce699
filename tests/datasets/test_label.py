"""Weak labels: rules, a vision endpoint that behaves in every way, and the label model."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from countlab.datasets.folder import UNSURE, DatasetSettings
from countlab.datasets.labels import read_rows, write_rows
from countlab.datasets.weak_labels.answer import label_said
from countlab.datasets.weak_labels.label_model import fit
from countlab.datasets.weak_labels.shape import find_octagons
from countlab.datasets.weak_labels.votes import Vote
from tests.conftest import ROOT, Run, offering, until
from tests.datasets.conftest import WITH, WITHOUT, package
from tests.datasets.vision_server import KEY, VisionServer

Packages = tuple[Path, dict[str, str]]
CLASSES = (WITH, WITHOUT)
COUNTLAB = (sys.executable, "-c", "from countlab.cli import main; main()")


@pytest.fixture
def vision(monkeypatch: pytest.MonkeyPatch) -> Iterator[VisionServer]:
    server = VisionServer()
    monkeypatch.setenv("COUNTLAB_LABEL_URL", server.url)
    monkeypatch.setenv("COUNTLAB_LABEL_KEY", KEY)
    monkeypatch.setattr("countlab.datasets.weak_labels.endpoint._FIRST_WAIT_S", 0.02)
    with offering(server):
        yield server


def labels(folder: Path) -> dict[str, str]:
    return {row.file: row.label for row in read_rows(folder)}


def votes(folder: Path, source: str) -> dict[str, str]:
    with (folder / "votes.csv").open(encoding="utf-8") as file:
        return {r["file"]: r["label"] for r in csv.DictReader(file) if r["source"] == source}


@pytest.mark.parametrize("side", [30, 50, 90])
def test_a_dark_octagon_is_told_from_other_dark_shapes(side: int) -> None:
    for number in range(6):
        (shape,) = find_octagons(package(number, 8, side=side))
        assert abs(shape.right - shape.left - side * np.cos(np.pi / 8)) <= 4
        for corners in (0, 4, 5, 6):
            assert find_octagons(package(number, corners, side=side)) == []


def test_rules_label_without_any_endpoint(packages: Packages, run: Run) -> None:
    folder, truth = packages
    status, told, errors = run("label", folder)
    assert (status, labels(folder)) == (0, truth), errors
    assert f"{WITH} 4, {WITHOUT} 8, unsure 0" in told
    assert "100%" in told  # the shape's coverage


def test_words_of_the_page_are_a_labeller(packages: Packages, run: Run) -> None:
    folder, truth = packages
    lines = []
    for at, (file, label) in enumerate(truth.items()):
        words = "ALTO EN AZÚCARES" if label == WITH else ("agua mineral" if at % 2 else "")
        lines.append(json.dumps({"product": file, "file": file, "name": words}))
    (folder / "collected.ndjson").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "dataset.toml").write_text(
        '[[text]]\nwords = ["alto en"]\nlabel = "con_octogono"\n'
        '[[text]]\nwords = ["agua"]\nlabel = "sin_octogono"\n'
    )
    assert run("label", folder)[0] == 0
    said = votes(folder, "text")
    assert {file for file, label in said.items() if label == WITH} == {
        file for file, label in truth.items() if label == WITH
    }
    assert UNSURE in said.values()


def test_a_model_of_ones_own_may_guess(packages: Packages, run: Run) -> None:
    folder, _ = packages
    shutil.copy(ROOT / "images" / "oranges_3.jpg", folder / "pictures" / "oranges.jpg")
    status, told, errors = run("label", folder, "--no-rules", "--model", "fruits")
    assert status == 0, errors
    said = votes(folder, "model:fruits")
    assert said["pictures/oranges.jpg"] == WITH  # it counts something
    assert labels(folder)["pictures/oranges.jpg"] == WITH
    assert list(said.values()).count(WITHOUT) >= 10
    assert "100%" in told


def test_where_nothing_can_label_that_is_said(packages: Packages, run: Run) -> None:
    status, _, errors = run("label", packages[0], "--no-rules")
    assert (status, "no endpoint, no rule, no model" in errors) == (1, True)
    assert not (packages[0] / "labels.csv").exists()


@pytest.mark.parametrize("model", ["good", "polite", "limited", "streams"])
def test_an_endpoint_labels_every_picture(
    packages: Packages, vision: VisionServer, run: Run, model: str
) -> None:
    folder, truth = packages
    status, _, errors = run("label", folder, "--endpoint-model", model, "--yes", "--no-rules")
    assert (status, votes(folder, f"endpoint:{model}")) == (0, truth), errors
    assert labels(folder) == truth
    assert "(6,000 tokens in, 60 out)" in errors
    content = vision.questions[0]["messages"][0]["content"]
    assert content[0]["text"] == DatasetSettings().instruction
    asked = len(vision.questions)
    assert run("label", folder, "--endpoint-model", model, "--no-rules")[0] == 0
    assert len(vision.questions) == asked  # all answers were kept: nothing to agree to


def test_other_words_are_kept_as_unsure(
    packages: Packages,
    vision: VisionServer,  # noqa: ARG001
    run: Run,
) -> None:
    folder, _ = packages
    run("label", folder, "--endpoint-model", "chatty", "--yes", "--no-rules")
    assert set(votes(folder, "endpoint:chatty").values()) == {UNSURE}
    assert set(labels(folder).values()) == {UNSURE}
    assert "Veo un paquete" in (folder / "votes.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize("model", ["html", "other", "huge"])
def test_what_is_not_the_protocol_is_no_answer(
    packages: Packages,
    vision: VisionServer,  # noqa: ARG001
    run: Run,
    model: str,
) -> None:
    folder, _ = packages
    status, _, errors = run("label", folder, "--endpoint-model", model, "--yes")
    assert status == 1
    assert ("something else than the protocol" in errors) or ("did not answer" in errors)
    assert not (folder / ".answers.ndjson").exists()


def test_a_stalling_server_is_left_at_the_deadline(
    packages: Packages,
    vision: VisionServer,  # noqa: ARG001
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("countlab.datasets.weak_labels.endpoint._ATTEMPTS", 1)
    options = ("--endpoint-model", "stalls", "--yes", "--timeout", "1", "--parallel", "12")
    status, _, errors = run("label", packages[0], *options)
    assert status == 1
    assert "> 1 s" in errors


def test_a_refused_key_ends_it_at_once(
    packages: Packages, vision: VisionServer, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTLAB_LABEL_KEY", "sk-of-somebody-else")
    status, _, errors = run("label", packages[0], "--endpoint-model", "good", "--yes")
    assert status == 1
    assert "refuses the key" in errors
    assert "sk-of-somebody-else" not in errors
    assert len(vision.questions) <= 5


def test_nothing_is_sent_before_somebody_agrees(
    packages: Packages, vision: VisionServer, run: Run
) -> None:
    prices = ("--price-in", "10", "--price-out", "30")
    status, _, errors = run("label", packages[0], "--endpoint-model", "good", *prices)
    assert (status, vision.questions) == (1, [])
    assert "To ask: 12 pictures" in errors
    assert "Cost: 0.0" in errors
    assert "--yes" in errors


@pytest.mark.parametrize(("typed", "asked"), [(b"n\n", 0), (b"\n", 0), (b"y\n", 12)])
def test_a_person_is_asked_and_may_decline(
    packages: Packages, vision: VisionServer, typed: bytes, asked: int
) -> None:
    import pty

    ours, theirs = pty.openpty()
    command = [*COUNTLAB, "label", str(packages[0]), "--endpoint-model", "good"]
    process = subprocess.Popen(command, cwd=ROOT, stdin=theirs, stderr=subprocess.PIPE)
    assert process.stderr
    told = b""
    while not told.endswith(b"[y/n] "):
        told += process.stderr.read(1)
    assert vision.questions == []
    os.write(ours, typed)
    rest = process.communicate(timeout=60)[1].decode()
    assert (process.returncode, len(vision.questions)) == (0 if asked else 1, asked), rest
    assert ("Nothing was sent" in rest) == (not asked)
    os.close(ours)
    os.close(theirs)


def test_the_budget_is_not_overdrawn(packages: Packages, vision: VisionServer, run: Run) -> None:
    folder, _ = packages
    prices = ("--price-in", "10", "--price-out", "30", "--budget", "0.03", "--parallel", "2")
    status, _, errors = run(
        "label", folder, "--endpoint-model", "good", "--yes", "--no-rules", *prices
    )
    assert status == 0
    each = (500 * 10 + 5 * 30) / 1e6
    assert 1 <= len(vision.questions) <= 0.03 / each
    assert f"{12 - len(vision.questions)} pictures were not asked about" in errors


def test_a_killed_run_pays_for_no_answer_twice(packages: Packages, vision: VisionServer) -> None:
    folder, truth = packages
    script = (
        "import time, countlab.datasets.weak_labels.endpoint as e; ask = e.Asker.ask; "
        "e.Asker.ask = lambda *a: (time.sleep(0.15), ask(*a))[1]; "
        "from countlab.cli import main; main()"
    )
    command = [sys.executable, "-c", script, "label", str(folder), "--no-rules", "--yes",
               "--endpoint-model", "good", "--parallel", "1"]  # fmt: skip
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    until(lambda: len(vision.questions) >= 5, 60)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert subprocess.run(command, cwd=ROOT, timeout=60, capture_output=True).returncode == 0
    assert labels(folder) == truth
    assert len(vision.questions) <= len(truth) + 1


def test_labels_that_are_not_weak_stay_and_judge(packages: Packages, run: Run) -> None:
    folder, truth = packages
    rows = read_rows(folder)
    first = next(iter(truth))
    from countlab.datasets.labels import LabelRow

    write_rows(folder, [*rows, LabelRow(first, WITHOUT, 1.0, "shop", {"group": "a"})])
    status, told, errors = run("label", folder)
    assert status == 0
    assert labels(folder)[first] == WITHOUT
    assert "0/1" in told  # the shape says otherwise
    assert "1 rows of labels.csv" in errors


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("con_octogono", WITH),
        (" 'Con octógono'. ", WITH),
        ("**sin-octógono**", WITHOUT),
        ("sin_octogono\n", WITHOUT),
        ("no hay con_octogono", UNSURE),
        ("con_octogono o sin_octogono", UNSURE),
        ("", UNSURE),
        ("x" * 5000, UNSURE),
    ],
)
def test_only_a_class_alone_is_an_answer(said: str, label: str) -> None:
    assert label_said(said, CLASSES) == label


def test_the_label_model_finds_out_whom_to_believe() -> None:
    """Three labellers of known quality over 800 pictures, one in five with octagons."""
    random = np.random.default_rng(7)
    truth = random.random(800) < 0.2
    said = []
    for source, right, coverage in (("a", 0.95, 0.9), ("b", 0.8, 1.0), ("c", 0.65, 0.6)):
        for at, positive in enumerate(truth):
            if random.random() < coverage:
                answer = positive if random.random() < right else not positive
                said.append(Vote(f"{at:03}", source, CLASSES[0 if answer else 1]))
    model = fit(said, CLASSES)
    for source, right in (("a", 0.95), ("b", 0.8), ("c", 0.65)):
        assert abs(model.accuracy(source) - right) < 0.06, source
    found = model.probabilities[:, 0] > 0.5
    known = truth[[int(file) for file in model.files]]
    majority = np.array([
        np.mean([v.label == WITH for v in said if v.file == file]) > 0.5 for file in model.files
    ])  # fmt: skip
    assert (found == known).mean() > max(0.93, (majority == known).mean())
    assert np.allclose(model.probabilities.sum(1), 1)


def test_the_label_model_stands_one_labeller_and_none() -> None:
    alone = fit([Vote("x", "a", WITH), Vote("y", "a", UNSURE)], CLASSES)
    assert alone.files == ("x",)
    assert alone.probabilities[0].argmax() == 0
    rare = fit([Vote(f"{n:03}", "a", CLASSES[n > 0]) for n in range(100)], CLASSES)
    assert rare.probabilities[0].argmax() == 0  # one in a hundred does not vanish
    assert not rare.learnt
    two = fit([Vote("x", "a", WITH), Vote("x", "b", WITHOUT)], CLASSES)
    assert np.allclose(two.probabilities, 0.5)
    assert fit([], CLASSES).files == ()
