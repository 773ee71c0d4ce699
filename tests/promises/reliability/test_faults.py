"""Faults under a running server, as listed in docs/reliability.md."""

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
from tests.promises.reliability.service import Clients, Service, recorded_ids


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A tmpfs of two megabytes, where mounting is allowed."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("needs root to mount a small disk")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def warning_codes(response: requests.Response) -> list[str]:
    assert response.status_code == 200
    return [warning["code"] for warning in response.json()["warnings"]]


def test_full_disk_fails_no_request_and_warns_of_lost_rows(tmp_path: Path, jpeg: bytes) -> None:
    home = tmp_path / "home"
    with small_disk(home), Service(home) as service:
        first = service.count(jpeg)
        assert "not_recorded" not in warning_codes(first)
        filler = home / "filler"
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while file.write(bytes(4096)):
                """Fills the disk."""
        stored = 0
        while "not_recorded" not in warning_codes(service.count(jpeg)):
            stored += 1
            assert stored < 2000
        picture = service.count(jpeg, "/predict")
        assert "not_recorded" in picture.headers["x-warnings"]
        lost = 'countlab_history_rows_total{where="nowhere"} 2.0'
        assert lost in service.get("/metrics").text
        filler.unlink()
        until(lambda: "not_recorded" not in warning_codes(service.count(jpeg)))
        until(lambda: len(recorded_ids(home)) >= stored + 2)
        assert first.headers["x-request-id"] in recorded_ids(home)
        assert service.terminate() == 0


def test_file_size_limit_fails_no_request(tmp_path: Path, jpeg: bytes) -> None:
    """A full disk without root: no file may exceed 150 kB, as under a quota."""

    def limit_file_size() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, resource.RLIM_INFINITY))

    with (
        Service(tmp_path / "home", preexec=limit_file_size) as service,
        Clients(service, jpeg) as clients,
    ):
        until(lambda: "database away" in service.log(), 60)
        clients.wait_for(responses=len(clients.answered) + 20)
        assert not any(event.get("status", 200) >= 500 for event in service.events())
        psutil.Process(service.process.pid).rlimit(
            psutil.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        )
        until(lambda: "database back" in service.log())
        clients.wait_for(responses=len(clients.answered) + 5)
        service.kill()
    recorded_ids(tmp_path / "home")  # passes its integrity check


def test_two_servers_write_to_one_history(tmp_path: Path, jpeg: bytes) -> None:
    home, services = tmp_path / "home", list[Service]()
    starting = [threading.Thread(target=lambda: services.append(Service(home))) for _ in range(2)]
    for thread in starting:
        thread.start()
    for thread in starting:
        thread.join()
    first, second = services
    with (
        first,
        second,
        Clients(first, jpeg) as first_clients,
        Clients(second, jpeg) as second_clients,
    ):
        first_clients.wait_for(responses=30)
        second_clients.wait_for(responses=30)
        rows = first.get("/history?limit=1000").json()["rows"]
    assert first_clients.answered | second_clients.answered <= recorded_ids(home)
    ids = {row["request_id"] for row in rows}
    assert ids & second_clients.answered, "a server does not list the rows of the other"


def test_corrupted_model_file_is_refused_with_its_name(
    tmp_path: Path, jpeg: bytes, photo: bytes
) -> None:
    folder = tmp_path / "models" / "mine"
    folder.mkdir(parents=True)
    for name in ("fruits.cfg", "fruits.names", "fruits.weights", "model.toml"):
        shutil.copy(FRUITS / name, folder / name)
    description = folder / "model.toml"
    description.write_text(description.read_text().replace('name = "fruits"', 'name = "mine"'))
    settings = Settings(home=tmp_path, default_model="mine")

    def count(url: str, picture: bytes) -> requests.Response:
        return requests.post(url + "/countObjects", files={"file": ("x", picture)}, timeout=60)

    server = serve(create_app(settings=settings), port=0)
    before = count(server.url, photo).json()["findings"]
    weights = bytearray((folder / "fruits.weights").read_bytes())
    weights[len(weights) // 2] ^= 0xFF
    (folder / "fruits.weights").write_bytes(weights)
    assert count(server.url, photo).json()["findings"] == before  # the model is in memory
    server.stop()
    server = serve(create_app(settings=settings), port=0)
    until(lambda: requests.get(server.url + "/health/ready", timeout=9).status_code == 503)
    refused = count(server.url, jpeg)
    until(
        lambda: (
            requests.get(server.url + "/health/ready", timeout=9).json()["code"] == "model_damaged"
        )
    )
    assert (refused.status_code, refused.json()["code"]) == (503, "model_damaged")
    assert "fruits.weights" in refused.json()["detail"]
    assert requests.get(server.url + "/health", timeout=9).status_code == 200
    server.stop()


def test_disconnects_at_each_stage_leak_no_files(tmp_path: Path, photo: bytes) -> None:
    with Service(tmp_path / "home") as service:
        before = service.count(photo)
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
                with socket.create_connection(("127.0.0.1", service.port)) as connection:
                    connection.sendall((head + prepared.body)[:end])
        until(lambda: process.num_fds() <= files + 1)
        after = service.count(photo)
        assert after.json()["findings"] == before.json()["findings"]
        assert service.get("/health/ready").status_code == 200
        assert not any(event.get("status") == 500 for event in service.events())


@pytest.mark.parametrize("options", [[], ["--workers", "2"]])
def test_sigterm_finishes_running_requests_and_refuses_new_ones(
    tmp_path: Path, photo: bytes, options: list[str]
) -> None:
    responses: list[requests.Response] = []
    keys = "anna:a-secret-key-that-must-not-leak"
    key = {"X-API-Key": "a-secret-key-that-must-not-leak"}
    with Service(tmp_path / "home", *options, COUNTLAB_API_KEYS=keys) as service:
        assert service.count(photo, **key).status_code == 200
        files = [("files", ("x", photo))] * 60

        def send_batch() -> None:
            url = service.url + "/predict/batch?confidence=0.123"
            responses.append(requests.post(url, files=files, headers=key, timeout=60))

        client = threading.Thread(target=send_batch)
        client.start()
        until(lambda: "countlab_requests_present 2.0" in service.get("/metrics", **key).text)
        start = time.monotonic()
        termination = threading.Thread(target=service.terminate)
        termination.start()
        until(lambda: refuses_connections(service))
        assert not responses, "the batch ended before a new request was refused"
        client.join()
        termination.join()
        assert service.process.returncode == 0
        assert time.monotonic() - start < 15
    (response,) = responses
    assert len([entry for entry in response.json()["results"] if "result" in entry]) == 60
    assert response.headers["x-request-id"] in recorded_ids(tmp_path / "home")
    lines = {event["id"]: event for event in service.events() if event["event"] == "request"}
    line = lines[response.headers["x-request-id"]]
    assert (line["method"], line["route"], line["status"]) == ("POST", "/predict/batch", 200)
    assert line["key"] == "anna"
    assert line["ms"] > 0
    assert "a-secret-key" not in service.log()
    assert "0.123" not in service.log()


def refuses_connections(service: Service) -> bool:
    try:
        service.get("/health")
    except requests.ConnectionError:
        return True
    return False


def test_workers_on_a_used_port_report_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        command = [*Service.COMMAND, "--port", port, "--workers", "2"]
        environment = os.environ | {"COUNTLAB_HOME": str(tmp_path)}
        result = subprocess.run(
            command, capture_output=True, text=True, env=environment, timeout=60
        )
    assert result.returncode == 1
    assert result.stderr.startswith(f"Error: Port {port} on 127.0.0.1 is in use")
