"""Following an alias: seen within seconds, checked, swapped whole; what is wrong is refused."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import pytest
import requests

from countlab.errors import CountlabError
from countlab.models.followed import Followed, read_followed, read_status
from countlab.models.registry import Registry
from countlab.models.version_folder import linked
from countlab.serving.following import Follower
from countlab.settings import Settings
from tests.conftest import until
from tests.registry.conftest import Publish, digit_pictures

CHAMPION = Followed("numbers", "champion")


def follower(settings: Settings) -> Follower:
    return Follower(settings, [CHAMPION], engine="onnxruntime")


def version_here(settings: Settings) -> str | None:
    sealed = linked(settings.models_folder, "numbers")
    return sealed.number if sealed else None


def test_an_alias_is_read() -> None:
    assert read_followed("weather@candidate") == Followed("weather", "candidate")
    assert read_followed("weather").link == "weather"
    assert read_followed("weather@candidate").link == "weather@candidate"
    for wrong in ("", "@champion", "a/b@champion", "../x", "weather@", "weather@../x"):
        with pytest.raises(CountlabError):
            read_followed(wrong)


def test_a_moved_alias_is_followed_and_rolled_back_without_the_files(
    publish: Publish, registry: Registry, settings: Settings
) -> None:
    follow = follower(settings)
    follow.step()
    assert version_here(settings) is None
    first, second = publish(prefix="a"), publish(prefix="b")
    for version in (first, second):
        registry.promote(version)
        follow.step()
        assert version_here(settings) == version.number
    shutil.rmtree(settings.home / "mlflow" / "artifacts")
    registry.roll_back("numbers")
    follow.step()
    assert version_here(settings) == "1"
    assert read_status(settings.models_folder)["numbers"]["version"] == "1"


def test_a_damaged_version_is_refused_and_said_and_taken_when_it_is_whole(
    publish: Publish, registry: Registry, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("countlab.serving.following._RETRY_S", 0.0)
    follow = follower(settings)
    registry.promote(publish(prefix="a"))
    follow.step()
    version = publish(prefix="b")
    graphs = (settings.home / "mlflow" / "artifacts").rglob("graph.onnx")
    graph = max(graphs, key=lambda path: path.stat().st_mtime)
    whole = graph.read_bytes()
    graph.write_bytes(whole[: len(whole) // 2])
    registry.promote(version)
    follow.step()
    status = read_status(settings.models_folder)["numbers"]
    assert (version_here(settings), status["version"], status["refused"]) == ("1", "1", "2")
    assert "graph.onnx" in status["reason"]
    spanish = read_status(settings.models_folder, "es")["numbers"]["reason"]
    assert spanish.startswith("La versión 2 de «numbers» no llegó")
    graph.write_bytes(whole)
    follow.step()
    assert version_here(settings) == "2"
    assert read_status(settings.models_folder)["numbers"]["refused"] is None


def test_a_version_that_answers_otherwise_than_when_it_was_published_is_refused(
    publish: Publish, registry: Registry, settings: Settings
) -> None:
    version = publish()
    folder = registry.download(version, settings.models_folder)
    checks = folder / "checks.zip"
    with ZipFile(checks) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    answers = json.loads(files["expected.json"])
    probabilities = answers[0]["probabilities"]
    top = max(probabilities, key=probabilities.get)
    probabilities[top] -= 0.2
    with ZipFile(checks, "w") as archive:
        for name, data in {**files, "expected.json": json.dumps(answers).encode()}.items():
            archive.writestr(name, data)
    shutil.move(folder, settings.home / "version")
    for mark in ("manifest.json", "version.json"):
        (settings.home / "version" / mark).unlink()
    registry.promote(
        registry.publish("numbers", settings.home / "version", task="classify", tags={})
    )
    follower(settings).step()
    status = read_status(settings.models_folder)["numbers"]
    assert version_here(settings) is None
    assert status["refused"] == "2"
    assert "0.png" in status["reason"]


def test_a_registry_that_is_away_changes_nothing(
    publish: Publish, registry: Registry, settings: Settings
) -> None:
    registry.promote(publish())
    follow = follower(settings)
    follow.step()
    follow._registry = Registry(replace(settings, tracking="http://127.0.0.1:9"))
    follow.step()
    assert version_here(settings) == "1"
    assert read_status(settings.models_folder)["numbers"]["registry"] == "away"
    follow._registry = registry
    follow.step()
    assert read_status(settings.models_folder)["numbers"]["registry"] == "ok"


def test_an_alias_of_a_version_that_was_deleted_changes_nothing(
    publish: Publish, registry: Registry, settings: Settings
) -> None:
    registry.promote(publish())
    follow = follower(settings)
    follow.step()
    registry.store.client.delete_model_version("numbers", "1")
    follow.step()
    assert version_here(settings) == "1"
    status = read_status(settings.models_folder)["numbers"]
    assert (status["registry"], status["refused"]) == ("ok", None)


@contextmanager
def serving(home: Path, *options: str) -> Iterator[str]:
    """`countlab serve` as a process of its own, on a free port."""
    with subprocess.Popen(
        [sys.executable, "-c", "from countlab.cli import main; main()", "serve", "--port", "0",
         "--engine", "onnxruntime", "--no-history", *options],
        env={**os.environ, "COUNTLAB_HOME": str(home)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            line = next((line for line in process.stdout if "http://" in line), "")
            yield line[line.index("http://") :].split()[0].rstrip("/.")
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0


@pytest.mark.slow
def test_an_alias_that_moves_twice_a_second_under_load_gives_no_failed_and_no_mixed_answer(
    publish: Publish, registry: Registry, settings: Settings, tmp_path: Path
) -> None:
    versions = {version.number: prefix for prefix in "ab" for version in [publish(prefix=prefix)]}
    known = [registry.version("numbers", number) for number in versions]
    hashes = {
        number: json.loads(
            (registry.download(version, tmp_path / "aside") / "manifest.json").read_text()
        )["files"]["graph.onnx"]["sha256"]
        for number, version in zip(versions, known, strict=True)
    }
    registry.promote(known[0])
    pictures = sorted(digit_pictures(tmp_path / "digits", each=1).rglob("*.png"))
    seconds = float(os.environ.get("MOVING_SECONDS", "12"))
    done = threading.Event()
    moves = 0

    def keep_moving() -> None:
        nonlocal moves
        while not done.wait(0.5):
            moves += 1
            registry.promote(known[moves % 2])

    def ask(number: int) -> str:
        response = requests.post(
            f"{url}/countObjects?confidence=0",
            files={"file": pictures[number % len(pictures)].read_bytes()},
            timeout=60,
        )
        assert response.status_code == 200, response.text
        answer = response.json()
        version = answer["receipt"]["model_version"]
        labels = {label[0] for label in answer["probabilities"]}
        assert labels == {versions[version]}, answer
        assert answer["findings"][0]["label"].startswith(versions[version])
        assert answer["receipt"]["files_sha256"]["graph"] == hashes[version]
        return str(version)

    with (
        serving(settings.home, "--follow", "numbers@champion") as url,
        ThreadPoolExecutor(8) as pool,
    ):
        mover = threading.Thread(target=keep_moving)
        mover.start()
        end, number = time.monotonic() + seconds, 0
        seen: list[str] = []
        try:
            while time.monotonic() < end:
                seen += pool.map(ask, range(number, number + 40))
                number += 40
        finally:
            done.set()
            mover.join()
        registry.promote(known[1])
        until(
            lambda: requests.get(f"{url}/models/numbers", timeout=10).json()["version"] == "2", 20
        )
        until(lambda: ask(0) == "2", 20)
    assert set(seen) == {"1", "2"}
    print(f"{len(seen)} answers, {moves} moves, {seen.count('1')} by the first version")


@pytest.mark.slow
def test_shadow_and_canary_are_counted_and_the_canary_is_stable(
    publish: Publish, registry: Registry, settings: Settings, tmp_path: Path
) -> None:
    registry.promote(publish(prefix="a"))
    publish(prefix="a", noise=0.5)
    pictures = sorted(digit_pictures(tmp_path / "digits", each=6).rglob("*.png"))
    options = ("--follow", "numbers@champion", "--shadow", "numbers@candidate", "--canary", "30%")

    def ask(path: Path) -> str:
        response = requests.post(
            f"{url}/countObjects", files={"file": path.read_bytes()}, timeout=60
        )
        assert response.status_code == 200, response.text
        return str(response.json()["receipt"]["model_version"])

    with serving(settings.home, *options) as url:
        until(lambda: requests.get(f"{url}/models/numbers@candidate", timeout=10).ok, 60)
        first = [ask(path) for path in pictures]
        assert first == [ask(path) for path in pictures]
        assert 5 < first.count("2") < 35
        until(lambda: "countlab_shadow_total" in requests.get(f"{url}/metrics", timeout=10).text)
        text = requests.get(f"{url}/metrics", timeout=10).text
    values = {line.rpartition(" ")[0]: float(line.rpartition(" ")[2])
              for line in text.splitlines() if not line.startswith("#")}  # fmt: skip
    assert values['countlab_canary_total{who="candidate"}'] == 2 * first.count("2")
    assert values['countlab_canary_total{who="champion"}'] == 2 * first.count("1")
    outcomes = [value for name, value in values.items() if name.startswith("countlab_shadow_total")]
    assert sum(outcomes) <= 2 * first.count("1")
    assert values['countlab_version_answers_total{model="numbers",version="1"}'] >= first.count("1")
