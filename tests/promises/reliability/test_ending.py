"""Ending: said once, heard by all processes, and no work is lost by hurry."""

from __future__ import annotations

import os
import signal
import stat
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
import requests

from tests.conftest import until
from tests.promises.reliability.service import Service
from tests.promises.reliability.test_kill import workers_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends Unix signals")


@pytest.mark.parametrize("options", [[], ["--workers", "2"]])
@pytest.mark.parametrize("hurry", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_further_signals_do_not_cut_off_what_is_being_answered(
    tmp_path: Path, photo: bytes, options: list[str], hurry: signal.Signals
) -> None:
    responses: list[requests.Response] = []
    with Service(tmp_path / "home", *options) as service:
        assert service.count(photo).ok
        files = [("files", ("x", photo))] * 40

        def send_batch() -> None:
            url = service.url + "/predict/batch"
            responses.append(requests.post(url, files=files, timeout=60))

        client = threading.Thread(target=send_batch)
        client.start()
        until(lambda: "countlab_requests_present 2.0" in service.get("/metrics").text)
        processes = [service.process.pid, *workers_of(service)]
        service.process.send_signal(signal.SIGTERM)
        for _ in range(5):
            time.sleep(0.05)
            for pid in processes:
                if psutil.pid_exists(pid):
                    os.kill(pid, hurry)
        client.join()
        assert service.process.wait(20) == 0
        assert "Traceback" not in service.log()
    (response,) = responses
    assert len([entry for entry in response.json()["results"] if "result" in entry]) == 40


@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGTERM])
def test_stopped_worker_ends_with_its_parent(tmp_path: Path, way: signal.Signals) -> None:
    with Service(tmp_path / "home", "--workers", "2") as service:
        processes = [psutil.Process(pid) for pid in workers_of(service)]
        os.kill(processes[0].pid, signal.SIGSTOP)
        service.process.send_signal(way)
        _, alive = psutil.wait_procs(processes, timeout=25)
        assert not alive
        service.process.wait(5)


def test_history_and_kept_pictures_are_for_their_owner_alone(tmp_path: Path, photo: bytes) -> None:
    kept, home = tmp_path / "kept", tmp_path / "home"
    with Service(home, "--keep", str(kept)) as service:
        assert service.count(photo).ok
        files = [*home.glob("history.sqlite*"), *kept.iterdir()]
        assert len(files) >= 4
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
        assert stat.S_IMODE(kept.stat().st_mode) == 0o700


def test_metrics_survive_a_damaged_or_removed_folder(tmp_path: Path, photo: bytes) -> None:
    with Service(tmp_path / "home", "--workers", "2") as service:
        assert service.count(photo).ok
        environment = psutil.Process(workers_of(service)[0]).environ()
        folder = Path(environment["PROMETHEUS_MULTIPROC_DIR"])
        (folder / "counter_999999.db").write_bytes(b"\xff" * 100)
        text = service.get("/metrics").text
        assert 'countlab_pictures_total{model="fruits"} 1.0' in text
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
        assert service.get("/metrics").status_code == 200
        assert service.count(photo).ok
        (victim, other) = workers_of(service)
        os.kill(victim, signal.SIGKILL)
        until(lambda: other in workers_of(service) and len(workers_of(service)) == 2, 60)
        until(lambda: service.get("/metrics").status_code == 200)
        assert service.count(photo).ok
        assert service.terminate() == 0
