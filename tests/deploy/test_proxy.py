"""A server behind a real nginx and a real Caddy, with the files of deploy/proxy/."""

from __future__ import annotations

import contextlib
import os
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
from deploy.stack.service import free_port
from tests.conftest import ROOT, until
from tests.deploy.programs import require, wait_for_port

pytestmark = pytest.mark.slow

CONFIGS = ROOT / "deploy" / "proxy"
KEY = {"X-API-Key": "wide-open-sesame"}
HOST = "lab.example.org"


@dataclass(frozen=True)
class Proxied:
    """A server and the address of the proxy in front of it."""

    app: FastAPI
    server: Server
    url: str
    http_url: str
    port: int
    certificate: Path

    def get(self, path: str, headers: dict[str, str] = KEY) -> requests.Response:
        return self._send("GET", path, headers)

    def post(self, path: str, *, data: bytes | None = None, files: Any = None) -> requests.Response:
        return self._send("POST", path, KEY, data=data, files=files)

    def _send(
        self, method: str, path: str, headers: dict[str, str], **body: Any
    ) -> requests.Response:
        with requests.Session() as session:
            session.trust_env, session.verify = False, str(self.certificate)
            session.headers.update({"Host": HOST, **headers})
            return session.request(method, self.url + path, timeout=30, **body)


def create_certificate(folder: Path) -> tuple[Path, Path]:
    certificate, key = folder / "lab.pem", folder / "lab.key"
    subprocess.run(
        [require("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", f"/CN={HOST}", "-addext", "subjectAltName=IP:127.0.0.1",
         "-out", str(certificate), "-keyout", str(key)],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate, key


def adapt(config: str, replacements: dict[str, str]) -> str:
    """The documented file with the ports and paths of this test."""
    for documented, actual in replacements.items():
        assert documented in config
        config = config.replace(documented, actual)
    return config


@pytest.fixture(scope="module")
def behind_nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    nginx, folder = require("nginx"), tmp_path_factory.mktemp("nginx")
    certificate, key = create_certificate(folder)
    settings = Settings(
        home=folder / "home",
        api_keys="lab:wide-open-sesame",
        rate=Rate(200, 3600),  # a slow machine must not regain what is used up here
        trusted_proxies=("127.0.0.1",),
    )
    app = create_app(settings=settings)
    server, http_port, https_port = serve(app, port=0), free_port(), free_port()
    site = adapt(
        (CONFIGS / "nginx.conf").read_text(),
        {
            "listen 80;": f"listen 127.0.0.1:{http_port};",
            "listen 443 ssl;": f"listen 127.0.0.1:{https_port} ssl;",
            "127.0.0.1:8000;": f"127.0.0.1:{server.port};",
            "/etc/ssl/lab.example.org.pem": str(certificate),
            "/etc/ssl/private/lab.example.org.key": str(key),
        },
    )
    config = folder / "nginx.conf"
    user = "user root;" if os.getuid() == 0 else ""
    config.write_text(
        f"{user} pid {folder}/pid; error_log {folder}/error.log; daemon off; events {{}}\n"
        f"http {{ access_log off; client_body_temp_path {folder}/body; "
        f"proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f; "
        f"uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n{site}\n}}\n"
    )
    with subprocess.Popen([nginx, "-c", str(config), "-p", str(folder)]) as process:
        try:
            wait_for_port(https_port, process)
            url, http_url = f"https://127.0.0.1:{https_port}", f"http://127.0.0.1:{http_port}"
            yield Proxied(app, server, url, http_url, https_port, certificate)
        finally:
            process.terminate()
            server.stop()


def test_count_through_nginx_equals_the_direct_count(behind_nginx: Proxied, photo: bytes) -> None:
    files = {"file": photo}
    proxied = behind_nginx.post("/countObjects", files=files).json()
    direct = requests.post(
        behind_nginx.server.url + "/countObjects", files=files, headers=KEY, timeout=30
    ).json()
    assert proxied["findings"] == direct["findings"]
    assert behind_nginx.get("/health").json()["status"] == "ok"
    assert behind_nginx.get("/docs").ok
    headers = behind_nginx.get("/models").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "max-age" in headers["strict-transport-security"]


def test_nginx_requires_a_key_and_redirects_http_to_https(behind_nginx: Proxied) -> None:
    assert behind_nginx.get("/models", headers={}).status_code == 401
    redirect = requests.get(
        behind_nginx.http_url + "/docs", headers={"Host": HOST}, allow_redirects=False, timeout=10
    )
    assert (redirect.status_code, redirect.headers["location"]) == (308, f"https://{HOST}/docs")


def test_nginx_refuses_bodies_that_are_too_large(behind_nginx: Proxied) -> None:
    before = behind_nginx.app.state.slots.admitted
    assert behind_nginx.post("/predict", data=bytes(27_000_000)).status_code == 413
    assert behind_nginx.post("/predict/batch", data=bytes(42_000_000)).status_code == 413
    files = [("files", bytes(9_000_000))] * 3
    batch = behind_nginx.post("/predict/batch", files=files)
    assert [result["problem"]["code"] for result in batch.json()["results"]] == [
        "not_a_picture"
    ] * 3
    assert before == 0
    until(lambda: bool(behind_nginx.app.state.slots.admitted == 0))


def test_nginx_buffers_slow_senders(behind_nginx: Proxied) -> None:
    context = ssl.create_default_context(cafile=behind_nginx.certificate)
    connection = socket.create_connection(("127.0.0.1", behind_nginx.port), timeout=10)
    with context.wrap_socket(connection, server_hostname="127.0.0.1") as tls:
        head = f"POST /predict HTTP/1.1\r\nHost: {HOST}\r\nX-API-Key: {KEY['X-API-Key']}\r\n"
        tls.sendall(head.encode() + b"Content-Length: 1000000\r\n\r\n" + bytes(500_000))
        time.sleep(0.5)
        assert behind_nginx.app.state.body_memory.bytes == 0


def test_nginx_replaces_forged_client_addresses(behind_nginx: Proxied) -> None:
    """The rate limit counts the real client, though each request claims another address."""
    with requests.Session() as session:
        session.trust_env, statuses = False, set()
        for number in range(210):
            headers = {"Host": HOST, "X-API-Key": "guess", "X-Forwarded-For": f"10.0.0.{number}"}
            response = session.get(
                behind_nginx.url + "/models",
                headers=headers,
                verify=str(behind_nginx.certificate),
                timeout=10,
            )
            statuses.add(response.status_code)
        assert statuses == {403, 429}
        assert int(response.headers["retry-after"]) >= 1
    assert behind_nginx.get("/models").ok, "guesses of a key limit the client with the key"


@pytest.fixture(scope="module")
def behind_caddy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    """With a self-signed certificate, as no authority signs one for a test."""
    caddy, folder = require("caddy"), tmp_path_factory.mktemp("caddy")
    certificate, key = create_certificate(folder)
    settings = Settings(
        home=folder / "home",
        api_keys="lab:wide-open-sesame",
        rate=Rate(50, 3600),
        trusted_proxies=("127.0.0.1",),
    )
    app = create_app(settings=settings)
    server, port = serve(app, port=0), free_port()
    site_header = f"\nhttps://{HOST}:{port} {{\n\tbind 127.0.0.1\n\ttls {certificate} {key}\n"
    site = adapt(
        (CONFIGS / "Caddyfile").read_text(),
        {
            "\n{\n": "\n{\n\tadmin off\n\tauto_https disable_redirects\n",
            f"\n{HOST} {{\n": site_header,
            "127.0.0.1:8000": f"127.0.0.1:{server.port}",
        },
    )
    (folder / "Caddyfile").write_text(site)
    environment = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "PATH": os.environ["PATH"]}
    command = [caddy, "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for_port(port, process)
            yield Proxied(app, server, f"https://127.0.0.1:{port}", "", port, certificate)
        finally:
            process.terminate()
            server.stop()


def test_caddy_limits_and_forwards_like_nginx(behind_caddy: Proxied, photo: bytes) -> None:
    assert behind_caddy.get("/models", headers={}).status_code == 401
    assert behind_caddy.get("/metrics").status_code == 403
    response = behind_caddy.post("/countObjects", files={"file": photo})
    assert response.json()["count"] > 0
    assert "max-age" in response.headers["strict-transport-security"]
    before = behind_caddy.app.state.slots.admitted
    with contextlib.suppress(
        requests.ConnectionError
    ):  # the proxy may disconnect before the answer
        assert behind_caddy.post("/predict", data=bytes(27_000_000)).status_code == 413
    assert behind_caddy.app.state.slots.admitted == before
    files = [("files", bytes(9_000_000))] * 3
    assert len(behind_caddy.post("/predict/batch", files=files).json()["results"]) == 3
    until(lambda: bool(behind_caddy.app.state.slots.admitted == 0))
    statuses = [
        behind_caddy.get(
            "/models", {"X-API-Key": "guess", "X-Forwarded-For": f"10.0.0.{number}"}
        ).status_code
        for number in range(60)
    ]
    assert set(statuses) == {403, 429}, "the forged X-Forwarded-For was used"
