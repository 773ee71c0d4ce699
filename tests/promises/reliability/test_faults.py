"""What a server does when something under it breaks: the table of docs/reliability.md, run."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from countlab.notebook import serve
from countlab.server import create_app
from countlab.settings import Settings
from tests.conftest import FRUITS, until
from tests.promises.reliability.service import Clients, Service, kept


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Two megabytes of real disk in memory, where this machine allows to mount one."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a disk that can be filled can only be mounted by root")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def codes(answer: requests.Response) -> list[str]:
    assert answer.status_code == 200
    return [warning["code"] for warning in answer.json()["warnings"]]


def test_a_full_disk_fails_no_request_and_says_what_was_not_recorded(
    tmp_path: Path, jpeg: bytes
) -> None:
    home = tmp_path / "home"
    with small_disk(home), Service(home) as service:
        first = service.count(jpeg)
        assert "not_recorded" not in codes(first)
        filler = home / "filler"
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while file.write(bytes(4096)):
                """Until nothing fits any more."""
        fits = 0
        while "not_recorded" not in codes(service.count(jpeg)):
            fits += 1
            assert fits < 2000
        drawn = service.count(jpeg, "/predict")
        assert "not_recorded" in drawn.headers["x-warnings"]
        lost = 'countlab_history_rows_total{where="nowhere"} 2.0'
        assert lost in service.get("/metrics").text
        filler.unlink()
        until(lambda: "not_recorded" not in codes(service.count(jpeg)))
        until(lambda: len(kept(home)) >= fits + 2)
        assert first.headers["x-request-id"] in kept(home)
        assert service.end() == 0


def test_a_limit_on_files_fails_no_request_either(tmp_path: Path, jpeg: bytes) -> None:
    """The same without root: no file may grow beyond 150 kB, as under a quota."""
    bytes_allowed = 150_000
    soft = (bytes_allowed, resource.RLIM_INFINITY)
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, soft)  # noqa: E731
    with Service(tmp_path / "home", before=limit) as service, Clients(service, jpeg) as clients:
        until(lambda: "database away" in service.log(), 60)
        clients.until(answers=len(clients.answered) + 20)
        assert not any(event.get("status", 200) >= 500 for event in service.events())
        psutil.Process(service.process.pid).rlimit(
            psutil.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        )
        until(lambda: "database back" in service.log())
        clients.until(answers=len(clients.answered) + 5)
        service.kill()
    kept(tmp_path / "home")  # whole, whatever was cut off in the middle


def test_two_servers_write_into_one_history_at_once(tmp_path: Path, jpeg: bytes) -> None:
    home, services = tmp_path / "home", list[Service]()
    starting = [threading.Thread(target=lambda: services.append(Service(home))) for _ in range(2)]
    for thread in starting:
        thread.start()
    for thread in starting:
        thread.join()
    one, other = services
    with one, other, Clients(one, jpeg) as some, Clients(other, jpeg) as more:
        some.until(answers=30)
        more.until(answers=30)
        rows = one.get("/history?limit=1000").json()["rows"]
    answered = some.answered | more.answered
    assert answered <= kept(home)
    assert {row["request_id"] for row in rows} & more.answered, "one sees what the other kept"


def test_a_model_file_that_was_corrupted_is_refused_and_the_server_says_so(
    tmp_path: Path, jpeg: bytes, photo: bytes
) -> None:
    folder = tmp_path / "models" / "mine"
    folder.mkdir(parents=True)
    for name in ("fruits.cfg", "fruits.names", "fruits.weights", "model.toml"):
        shutil.copy(FRUITS / name, folder / name)
    described = folder / "model.toml"
    described.write_text(described.read_text().replace('name = "fruits"', 'name = "mine"'))
    settings = Settings(home=tmp_path, default_model="mine")

    def ask(url: str, picture: bytes) -> requests.Response:
        return requests.post(url + "/countObjects", files={"file": ("x", picture)}, timeout=60)

    server = serve(create_app(settings=settings), port=0)
    before = ask(server.url, photo).json()["findings"]
    weights = bytearray((folder / "fruits.weights").read_bytes())
    weights[len(weights) // 2] ^= 0xFF
    (folder / "fruits.weights").write_bytes(weights)
    assert ask(server.url, photo).json()["findings"] == before  # loaded while it was whole
    server.stop()
    server = serve(create_app(settings=settings), port=0)
    until(lambda: requests.get(server.url + "/health/ready", timeout=9).status_code == 503)
    refused = ask(server.url, jpeg)
    until(
        lambda: (
            requests.get(server.url + "/health/ready", timeout=9).json()["code"] == "model_damaged"
        )
    )
    assert (refused.status_code, refused.json()["code"]) == (503, "model_damaged")
    assert "fruits.weights" in refused.json()["detail"]
    assert requests.get(server.url + "/health", timeout=9).status_code == 200
    server.stop()


def test_clients_that_vanish_leave_nothing_behind(tmp_path: Path, photo: bytes) -> None:
    with Service(tmp_path / "home") as service:
        whole = service.count(photo)
        process = psutil.Process(service.process.pid)
        request = requests.Request("POST", service.url + "/predict", files={"file": photo})
        prepared = request.prepare()
        assert isinstance(prepared.body, bytes)
        lines = [f"{name}: {value}" for name, value in prepared.headers.items()]
        head = "\r\n".join(["POST /predict HTTP/1.1", "Host: x", *lines, "", ""]).encode()
        service.count(photo)
        files = process.num_fds()
        for end in (20, len(head), len(head) + 50_000, len(head) + len(prepared.body)):
            for _ in range(5):
                with socket.create_connection(("127.0.0.1", service.port)) as line:
                    line.sendall((head + prepared.body)[:end])
        until(lambda: process.num_fds() <= files + 1)
        again = service.count(photo)
        assert again.json()["findings"] == whole.json()["findings"]
        assert service.get("/health/ready").status_code == 200
        assert not any(event.get("status") == 500 for event in service.events())


@pytest.mark.parametrize("options", [[], ["--workers", "2"]])
def test_told_to_end_it_finishes_what_is_at_work_and_refuses_the_new(
    tmp_path: Path, photo: bytes, options: list[str]
) -> None:
    answers: list[requests.Response] = []
    keys = "anna:a-secret-key-that-must-not-leak"
    key = {"X-API-Key": "a-secret-key-that-must-not-leak"}
    with Service(tmp_path / "home", *options, COUNTLAB_API_KEYS=keys) as service:
        assert service.count(photo, **key).status_code == 200
        files = [("files", ("x", photo))] * 60

        def batch() -> None:
            url = service.url + "/predict/batch?confidence=0.123"
            answers.append(requests.post(url, files=files, headers=key, timeout=60))

        asking = threading.Thread(target=batch)
        asking.start()
        until(lambda: "countlab_requests_present 2.0" in service.get("/metrics", **key).text)
        start = time.monotonic()
        ending = threading.Thread(target=service.end)
        ending.start()
        until(lambda: refused(service))
        assert not answers, "the new is refused while the old is still at work"
        asking.join()
        ending.join()
        assert service.process.returncode == 0
        assert time.monotonic() - start < 15
    (answer,) = answers
    assert len([entry for entry in answer.json()["results"] if "result" in entry]) == 60
    assert answer.headers["x-request-id"] in kept(tmp_path / "home")
    lines = {event["id"]: event for event in service.events() if event["event"] == "request"}
    line = lines[answer.headers["x-request-id"]]
    assert (line["method"], line["route"], line["status"]) == ("POST", "/predict/batch", 200)
    assert line["key"] == "anna"
    assert line["ms"] > 0
    assert "a-secret-key" not in service.log()
    assert "0.123" not in service.log()


def refused(service: Service) -> bool:
    try:
        service.get("/health")
    except requests.ConnectionError:
        return True
    return False


def test_workers_on_a_taken_port_say_so(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [*Service.COMMAND, "--port", port, "--workers", "2"]
        environment = os.environ | {"COUNTLAB_HOME": str(tmp_path)}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: Port {port} on 127.0.0.1 is in use")
