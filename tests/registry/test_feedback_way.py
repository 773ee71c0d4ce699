"""From a person who says that an answer was wrong to the data that the next model learns from."""

from __future__ import annotations

import csv
import hashlib
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import requests

from countlab.models.followed import CANDIDATE, Followed
from countlab.models.mlflow_store import open_store
from countlab.notebook import serve
from countlab.server import create_app
from countlab.serving.following import Follower
from countlab.settings import Settings
from countlab.training.tracking import tracked_run
from deploy.stack.digits import write_digits
from tests.conftest import ROOT, Run


def say_wrong(settings: Settings, picture: bytes) -> None:
    """As the page does, of an answer that a candidate gave."""
    server = serve(create_app(settings=settings), port=0)
    try:
        asked = requests.post(
            f"{server.url}/countObjects?model=digits@candidate", files={"file": picture}, timeout=60
        )
        assert asked.json()["receipt"]["model_version"] == "1"
        form = {"answer": asked.text, "signature": asked.headers["X-Signature"], "label": "7"}
        said = requests.post(
            f"{server.url}/feedback", files={"file": picture}, data=form, timeout=60
        )
        assert said.status_code == 201, said.text
    finally:
        server.stop()


def review(folder: Path, label: str) -> str:
    """What a person does on the page of `countlab review`; the picture's file."""
    script = "from countlab.cli import main; main()"
    command = [sys.executable, "-c", script, "review", str(folder), "--port", "0", "--no-open"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        try:
            with httpx.Client(follow_redirects=True, base_url=address.partition("?")[0]) as client:
                assert client.get(address).status_code == 200
                shown = client.get("next", params={"person": "ana"}).json()
                assert shown["label"] == "7"
                body = {"file": shown["file"], "label": label, "person": "ana",
                        "seen": shown["review"]["version"]}  # fmt: skip
                done = client.post("answers", json=body, headers={"X-Review": "1"})
                assert done.status_code == 200, done.text
        finally:
            process.send_signal(signal.SIGINT)
            told, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "1 of 1" in told
    return str(shown["file"])


@pytest.mark.slow
def test_a_wrong_answer_joins_the_next_version_of_the_data_once_it_is_reviewed(
    settings: Settings, run: Run, tmp_path: Path
) -> None:
    pytest.importorskip("torch", reason="needs countlab[train]: make test-stack")
    assert run("publish", "digits")[0] == 0
    Follower(settings, [Followed("digits", CANDIDATE)], engine="onnxruntime").step()
    data, judge = write_digits(tmp_path / "digits")
    picture = next((judge / "4").iterdir())

    def train(out: str, *options: str) -> tuple[int, str]:
        lab = ROOT / "labs" / "digits"
        status, _, err = run("train", lab, "--data", data, "--quick", "--epochs", 1, "--track",
                             "mlflow", "--out", tmp_path / out, *options)  # fmt: skip
        return status, err

    status, err = train("after", "--feedback")
    assert (status, "No feedback is kept" in err) == (1, True), err
    say_wrong(Settings(home=settings.home, feedback_days=30), picture.read_bytes())
    assert train("after", "--feedback")[0] == 1  # nobody has reviewed it
    file = review(settings.home / "feedback" / "digits", "4")
    status, err = train("after", "--feedback")
    assert status == 0, err
    split = (tmp_path / "after" / "training" / "split.csv").read_text()
    assert [row["name"] for row in csv.DictReader(split.splitlines())].count(file) == 1
    run_id = tracked_run(tmp_path / "after") or ""
    found = open_store(settings).client.get_run(run_id).data.params["data.version"]
    assert found == hashlib.sha256(split.encode()).hexdigest()
