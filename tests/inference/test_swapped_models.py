"""Folders swapped under load: each answer is whole, from one version of the model or the other."""

from __future__ import annotations

import os
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from countlab.notebook import serve
from countlab.server import create_app
from countlab.settings import Settings
from tests.conftest import FRUITS

ANSWERS = int(os.environ.get("SWAPPED_ANSWERS", "200"))
SWAP_EVERY_S = 4.0
FIRST, SECOND = "fruta", "planeta"


def write_model(folder: Path, prefix: str, nudge: float) -> None:
    """Fruits under other labels; weights that differ, so that their hash and findings do."""
    folder.mkdir(parents=True)
    shutil.copy(FRUITS / "fruits.cfg", folder / "net.cfg")
    weights = bytearray((FRUITS / "fruits.weights").read_bytes())
    if nudge:
        weights[-1] ^= 1  # of the last kernel's last number: the exponent's sign is not touched
        weights[-2] ^= 8
    (folder / "net.weights").write_bytes(weights)
    number = len((FRUITS / "fruits.names").read_text().split())
    (folder / "net.names").write_text("\n".join(f"{prefix}-{i}" for i in range(number)) + "\n")
    (folder / "model.toml").write_text(
        'name = "swapped"\nlabels = "net.names"\n[files]\n'
        'config = { name = "net.cfg" }\nweights = { name = "net.weights" }\n'
    )


def swap(home: Path, version: Path) -> None:
    """As a careful person does it: a copy beside, then two renames."""
    folder, aside = home / "models" / "swapped", home / "aside"
    copy = home / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(version, copy)
    if folder.exists():
        folder.rename(aside)
    copy.rename(folder)
    shutil.rmtree(aside, ignore_errors=True)


@pytest.mark.slow
def test_folders_swapped_under_load_give_whole_answers(home: Path, photo: bytes) -> None:
    versions = {FIRST: home / "first", SECOND: home / "second"}
    for number, (prefix, folder) in enumerate(versions.items()):
        write_model(folder, prefix, number)
    (home / "models").mkdir()
    swap(home, versions[FIRST])
    server = serve(create_app(settings=Settings(home=home)), port=0)
    done = threading.Event()

    def keep_swapping() -> None:
        turn = 0
        while not done.wait(SWAP_EVERY_S):
            turn += 1
            swap(home, versions[(FIRST, SECOND)[turn % 2]])

    def ask(_: int) -> tuple[int, str, str, frozenset[str]]:
        response = requests.post(
            f"{server.url}/countObjects?model=swapped&confidence=0.3",
            files={"file": photo},
            timeout=90,
        )
        body = response.json()
        if response.status_code != 200:
            return response.status_code, body["code"], "", frozenset()
        labels = frozenset(finding["label"].partition("-")[0] for finding in body["findings"])
        receipt = body["receipt"]
        return 200, receipt["files_sha256"]["weights"], receipt["result_sha256"], labels

    swapping = threading.Thread(target=keep_swapping)
    try:
        assert ask(0)[0] == 200
        swapping.start()
        with ThreadPoolExecutor(8) as clients:
            answers = list(clients.map(ask, range(ANSWERS)))
    finally:
        done.set()
        if swapping.ident:
            swapping.join()
        server.stop()
    failed = [answer for answer in answers if answer[0] != 200]
    assert not [answer for answer in failed if answer[0] != 503], failed
    assert len(failed) < ANSWERS * 0.02, failed[:5]
    by_weights: dict[str, set[tuple[str, frozenset[str]]]] = {}
    for status, weights, result, labels in answers:
        if status == 200:
            by_weights.setdefault(weights, set()).add((result, labels))
    assert by_weights
    assert all(len(results) == 1 for results in by_weights.values()), "weights, labels and findings"
    labels_seen = [labels for results in by_weights.values() for _, labels in results]
    assert all(len(labels) == 1 for labels in labels_seen), "labels of one version"
    assert len(set(labels_seen)) == len(labels_seen), "each version has its own"


def test_a_file_replaced_in_place_is_noticed(home: Path, photo: bytes) -> None:
    from countlab.inference.pipeline import Pipeline
    from countlab.options import PredictOptions

    write_model(home / "models" / "swapped", FIRST, 0)
    pipeline = Pipeline(guarded=True)
    options = PredictOptions(model="swapped", confidence=0.3)
    assert pipeline.predict(photo, options).findings[0].label.startswith(FIRST)
    names = home / "models" / "swapped" / "net.names"
    names.write_text(names.read_text().replace(FIRST, SECOND))
    pipeline._models._check_at.clear()
    assert pipeline.predict(photo, options).findings[0].label.startswith(SECOND)
