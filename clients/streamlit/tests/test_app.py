"""The Streamlit page against a real server: with Streamlit's own harness, and in a browser."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright
from streamlit.testing.v1 import AppTest

HERE = Path(__file__).parent.parent
ROOT = HERE.parent.parent
PICTURE = ROOT / "images" / "oranges_4.jpg"
COUNTLAB = os.environ.get("COUNTLAB", str(ROOT / ".venv" / "bin" / "countlab"))
KEY = "open-sesame-for-the-tests"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(1800):
        assert process.poll() is None, "it ended"
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("it does not become ready")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    variables = {
        "COUNTLAB_HOME": str(tmp_path_factory.mktemp("home")),
        "COUNTLAB_API_KEYS": f"tests:{KEY}",
    }
    command = [COUNTLAB, "serve", "--lab", "weather", "--port", str(port), "--no-history"]
    with subprocess.Popen(
        command, env={**os.environ, **variables}, stderr=subprocess.DEVNULL
    ) as process:
        try:
            wait_until_ready(f"http://127.0.0.1:{port}/health/ready", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


@pytest.fixture
def app(server: str, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv("COUNTLAB_URL", server)
    monkeypatch.setenv("COUNTLAB_API_KEY", KEY)
    monkeypatch.setenv("COUNTLAB_MODEL", "weather")
    return AppTest.from_file(str(HERE / "app.py"), default_timeout=180)


def upload(app: AppTest, data: bytes | None = None, name: str = "naranjas.jpg") -> AppTest:
    app.run()
    file = (name, PICTURE.read_bytes() if data is None else data, "image/jpeg")
    return app.file_uploader[0].set_value(file).run()


def classify(app: AppTest) -> AppTest:
    (button,) = [button for button in app.button if button.label == "Clasificar"]
    return button.click().run()


def texts(app: AppTest) -> str:
    return "\n".join(str(each.value) for each in [*app.error, *app.warning])


def test_a_picture_gets_its_class_with_a_bar_and_all_probabilities(app: AppTest) -> None:
    classify(upload(app))
    assert not app.exception
    assert app.metric[0].label == "Clase"
    spanish = {"nubes", "niebla", "lluvia", "sol", "nieve", "tormenta", "amanecer"}
    assert app.metric[0].value in spanish
    assert any(each.value == "Todas las probabilidades" for each in app.subheader)
    (row,) = app.dataframe[0].value.to_dict("records")
    assert row["clase"] == app.metric[0].value
    assert row["confianza"].endswith(" %")
    assert "," in row["confianza"]


def test_the_history_has_each_picture_of_this_session_and_can_be_cleared(app: AppTest) -> None:
    classify(upload(app, name="una.jpg"))
    classify(upload(app, name="otra.jpg"))
    assert list(app.dataframe[0].value["imagen"]) == ["otra.jpg", "una.jpg"]
    (clear,) = [button for button in app.button if button.label == "Borrar el historial"]
    clear.click().run()
    assert not app.dataframe


def test_another_model_is_asked_and_the_old_answer_goes(app: AppTest) -> None:
    classify(upload(app))
    app.selectbox(key="model").select("digits").run()
    assert not app.metric, "an answer of weather beside digits"
    classify(app)
    assert app.metric[0].value in list("0123456789")
    assert list(app.dataframe[0].value["modelo"]) == ["digits", "weather"]


def test_a_file_that_is_no_picture_is_told_in_spanish(app: AppTest) -> None:
    classify(upload(app, b"esto es un texto"))
    assert not app.exception
    assert "imagen" in texts(app)
    assert not app.metric
    assert not app.dataframe


def test_a_wrong_key_is_told_with_what_to_do(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTLAB_API_KEY", "wrong")
    app.run()
    assert "clave" in texts(app)
    assert "pide una nueva" in texts(app)
    assert not app.file_uploader


def test_a_server_that_is_away_is_told_with_what_to_do(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTLAB_URL", f"http://127.0.0.1:{free_port()}")
    app.run()
    assert not app.exception
    assert "no responde" in texts(app)
    assert [button.label for button in app.button] == ["Intentar de nuevo"]


@pytest.fixture
def page(server: str) -> Iterator[Page]:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("needs Chromium (scripts/system-packages)")
    port = free_port()
    variables = {"COUNTLAB_URL": server, "COUNTLAB_API_KEY": KEY, "COUNTLAB_MODEL": "weather"}
    options = ["--server.port", str(port), "--server.address", "127.0.0.1"]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", *options]
    with (
        subprocess.Popen(command, cwd=HERE, env={**os.environ, **variables}) as process,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"]) as browser,
    ):
        try:
            wait_until_ready(f"http://127.0.0.1:{port}/_stcore/health", process)
            opened = browser.new_page(locale="es-ES")
            opened.set_default_timeout(120_000)
            opened.goto(f"http://127.0.0.1:{port}")
            yield opened
        finally:
            process.terminate()


def test_in_a_browser(page: Page) -> None:
    expect(page.get_by_text("Historial de esta sesión")).to_be_visible(timeout=120_000)
    page.locator("input[type=file]").set_input_files(PICTURE)
    page.get_by_role("button", name="Clasificar").click()
    expect(page.get_by_text("Todas las probabilidades")).to_be_visible(timeout=120_000)
    expect(page.get_by_text("Confianza:")).to_be_visible()
    expect(page.locator("[data-testid=stVegaLiteChart]")).to_be_visible()
    assert KEY not in page.content()
