"""The lab behind a real nginx and a real Caddy, with the files of deploy/proxy/."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from fastapi import FastAPI

from countlab.notebook import Server, serve
from countlab.server import create_app
from countlab.settings import Rate, Settings
from tests.conftest import ROOT, until

PROXY = ROOT / "docs" / "proxy"
KEY = {"X-API-Key": "wide-open-sesame"}
NAME = "lab.example.org"


@dataclass(frozen=True)
class Behind:
    """The lab, and where the proxy answers for it."""

    app: FastAPI
    lab: Server
    url: str
    plain_url: str
    port: int
    pem: Path

    def get(self, path: str, headers: dict[str, str] = KEY) -> requests.Response:
        return self._send("GET", path, headers)

    def post(self, path: str, *, data: bytes | None = None, files: Any = None) -> requests.Response:
        return self._send("POST", path, KEY, data=data, files=files)

    def _send(
        self, method: str, path: str, headers: dict[str, str], **body: Any
    ) -> requests.Response:
        with requests.Session() as session:
            session.trust_env, session.verify = False, str(self.pem)
            session.headers.update({"Host": NAME, **headers})
            return session.request(method, self.url + path, timeout=30, **body)


def needed(program: str) -> str:
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/bin")
    if not found:
        pytest.skip(f"needs {program}, which is not here (scripts/system-packages)")
    return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def until_answering(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        assert process.poll() is None, "the proxy ended"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the proxy does not answer")


def certificate(folder: Path) -> tuple[Path, Path]:
    paths = folder / "lab.pem", folder / "lab.key"
    subprocess.run(
        [needed("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", f"/CN={NAME}", "-addext", "subjectAltName=IP:127.0.0.1",
         "-out", str(paths[0]), "-keyout", str(paths[1])],
        check=True, capture_output=True,
    )  # fmt: skip
    return paths


def put_in(site: str, here: dict[str, str]) -> str:
    """A person's file with this test's ports and paths."""
    for as_shown, ours in here.items():
        assert as_shown in site
        site = site.replace(as_shown, ours)
    return site


@pytest.fixture(scope="module")
def behind_nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    """The very file of docs/, with this machine's ports, name and certificate put in."""
    nginx, folder = needed("nginx"), tmp_path_factory.mktemp("nginx")
    pem, key = certificate(folder)
    settings = Settings(home=folder / "home", api_keys="lab:wide-open-sesame", rate=Rate(200, 60))
    app = create_app(settings=settings)
    lab, plain, secure = serve(app, port=0), free_port(), free_port()
    site = put_in(
        (PROXY / "nginx.conf").read_text(),
        {
            "listen 80;": f"listen 127.0.0.1:{plain};",
            "listen 443 ssl;": f"listen 127.0.0.1:{secure} ssl;",
            "127.0.0.1:8000;": f"127.0.0.1:{lab.port};",
            "/etc/ssl/lab.example.org.pem": str(pem),
            "/etc/ssl/private/lab.example.org.key": str(key),
        },
    )
    whole = folder / "nginx.conf"
    user = "user root;" if os.getuid() == 0 else ""
    whole.write_text(
        f"{user} pid {folder}/pid; error_log {folder}/error.log; daemon off; events {{}}\n"
        f"http {{ access_log off; client_body_temp_path {folder}/body; "
        f"proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f; "
        f"uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n{site}\n}}\n"
    )
    with subprocess.Popen([nginx, "-c", str(whole), "-p", str(folder)]) as process:
        try:
            until_answering(secure, process)
            address = f"https://127.0.0.1:{secure}"
            yield Behind(app, lab, address, f"http://127.0.0.1:{plain}", secure, pem)
        finally:
            process.terminate()
            lab.stop()


def test_a_count_through_nginx_is_the_count(behind_nginx: Behind, photo: bytes) -> None:
    files = {"file": photo}
    through = behind_nginx.post("/countObjects", files=files).json()
    straight = requests.post(
        behind_nginx.lab.url + "/countObjects", files=files, headers=KEY, timeout=30
    ).json()
    assert through["findings"] == straight["findings"]
    assert behind_nginx.get("/health").json()["status"] == "ok"
    assert behind_nginx.get("/docs").ok
    headers = behind_nginx.get("/models").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "max-age" in headers["strict-transport-security"]


def test_without_a_key_nothing_and_without_tls_a_redirect(behind_nginx: Behind) -> None:
    assert behind_nginx.get("/models", headers={}).status_code == 401
    plain = requests.get(
        behind_nginx.plain_url + "/docs", headers={"Host": NAME}, allow_redirects=False, timeout=10
    )
    assert (plain.status_code, plain.headers["location"]) == (308, f"https://{NAME}/docs")


def test_what_is_too_large_never_reaches_the_lab(behind_nginx: Behind) -> None:
    before = behind_nginx.app.state.places.inside
    assert behind_nginx.post("/predict", data=bytes(12_000_000)).status_code == 413
    assert behind_nginx.post("/predict/batch", data=bytes(42_000_000)).status_code == 413
    files = [("files", bytes(9_000_000))] * 3
    batch = behind_nginx.post("/predict/batch", files=files)
    assert [result["problem"]["code"] for result in batch.json()["results"]] == [
        "not_a_picture"
    ] * 3
    assert before == 0
    until(lambda: bool(behind_nginx.app.state.places.inside == 0))


def test_a_slow_sender_waits_at_nginx_and_takes_no_place(behind_nginx: Behind) -> None:
    context = ssl.create_default_context(cafile=behind_nginx.pem)
    raw = socket.create_connection(("127.0.0.1", behind_nginx.port), timeout=10)
    with context.wrap_socket(raw, server_hostname="127.0.0.1") as connection:
        head = f"POST /predict HTTP/1.1\r\nHost: {NAME}\r\nX-API-Key: {KEY['X-API-Key']}\r\n"
        connection.sendall(head.encode() + b"Content-Length: 1000000\r\n\r\n" + bytes(500_000))
        time.sleep(0.5)
        assert behind_nginx.app.state.places.inside == 0


def test_the_rate_counts_clients_and_believes_no_header_of_theirs(behind_nginx: Behind) -> None:
    """Two hundred addresses are claimed; the proxy says who really asked."""
    with requests.Session() as session:
        session.trust_env, statuses = False, set()
        for number in range(210):
            headers = {"Host": NAME, "X-API-Key": "guess", "X-Forwarded-For": f"10.0.0.{number}"}
            answer = session.get(
                behind_nginx.url + "/models",
                headers=headers,
                verify=str(behind_nginx.pem),
                timeout=10,
            )
            statuses.add(answer.status_code)
        assert statuses == {403, 429}
        assert int(answer.headers["retry-after"]) >= 1
    assert behind_nginx.get("/models").ok, "somebody's guesses shut out one who has a key"


@pytest.fixture(scope="module")
def behind_caddy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    """The very file of docs/, likewise; its certificate is ours, as nobody signs one for a test."""
    caddy, folder = needed("caddy"), tmp_path_factory.mktemp("caddy")
    pem, key = certificate(folder)
    settings = Settings(home=folder / "home", api_keys="lab:wide-open-sesame", rate=Rate(50, 60))
    app = create_app(settings=settings)
    lab, secure = serve(app, port=0), free_port()
    ours = f"\nhttps://{NAME}:{secure} {{\n\tbind 127.0.0.1\n\ttls {pem} {key}\n"
    site = put_in(
        (PROXY / "Caddyfile").read_text(),
        {
            "\n{\n": "\n{\n\tadmin off\n\tauto_https disable_redirects\n",
            f"\n{NAME} {{\n": ours,
            "127.0.0.1:8000": f"127.0.0.1:{lab.port}",
        },
    )
    (folder / "Caddyfile").write_text(site)
    home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "PATH": os.environ["PATH"]}
    command = [caddy, "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]
    with subprocess.Popen(command, env=home, stderr=subprocess.DEVNULL) as process:
        try:
            until_answering(secure, process)
            yield Behind(app, lab, f"https://127.0.0.1:{secure}", "", secure, pem)
        finally:
            process.terminate()
            lab.stop()


def test_behind_caddy_the_lab_answers_as_behind_nginx(behind_caddy: Behind, photo: bytes) -> None:
    assert behind_caddy.get("/models", headers={}).status_code == 401
    assert behind_caddy.get("/metrics").status_code == 403
    answer = behind_caddy.post("/countObjects", files={"file": photo})
    assert answer.json()["count"] > 0
    assert "max-age" in answer.headers["strict-transport-security"]
    # Just above the limit: of what is longer, a proxy that refuses it throws the answer away too.
    assert behind_caddy.post("/predict", data=bytes(11_100_000)).status_code == 413
    files = [("files", bytes(9_000_000))] * 3
    assert len(behind_caddy.post("/predict/batch", files=files).json()["results"]) == 3
    until(lambda: bool(behind_caddy.app.state.places.inside == 0))
    statuses = [
        behind_caddy.get(
            "/models", {"X-API-Key": "guess", "X-Forwarded-For": f"10.0.0.{number}"}
        ).status_code
        for number in range(60)
    ]
    assert set(statuses) == {403, 429}, "the client's own word was believed"
