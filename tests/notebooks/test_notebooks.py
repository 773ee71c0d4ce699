"""Both notebooks in two real kernels, talking to each other over HTTP."""

import json
import os
import queue
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import requests

from countlab.errors import CountlabError
from countlab.grading.assignment import read_source
from countlab.notebook import find_server, serve
from countlab.server import create_app
from countlab.settings import Settings
from tests.conftest import ROOT
from tests.notebooks.kernel import Kernel, Output

_NOTEBOOKS = ("server.ipynb", "client.ipynb")
_ALL = (*_NOTEBOOKS, "server.es.ipynb", "client.es.ipynb")


_SOLUTION = '''
@app.post("/countOranges")
def count_oranges(file: UploadFile, model: str = "fruits", confidence: float = 0.5) -> dict:
    """How many oranges are in the picture."""
    options = PredictOptions(model=model, confidence=confidence, object="orange")
    return lab.predict(file.file.read(), options).as_json()
'''


def _cells(notebook: str) -> dict[str, dict[str, Any]]:
    """The cells by name, in order, each with its source in one piece."""
    cells = json.loads((ROOT / notebook).read_text(encoding="utf-8"))["cells"]
    for cell in cells:
        cell["source"] = "".join(cell["source"])
    named = {cell["metadata"].get("name", cell["id"]): cell for cell in cells}
    assert len(named) == len(cells)
    return named


def _source(notebook: str, name: str) -> str:
    return str(_cells(notebook)[name]["source"])


def _run_all(kernel: Kernel, notebook: str, *, changed: dict[str, str]) -> dict[str, Output]:
    """Run All Cells, with the sources in `changed` instead of the committed ones."""
    outputs = {}
    for name, cell in _cells(notebook).items():
        if cell["cell_type"] == "code":
            outputs[name] = kernel.run(changed.get(name, cell["source"]))
            assert outputs[name].error is None, outputs[name].error
    return outputs


@dataclass
class RunLab:
    """Both notebooks after Run All: their live kernels and the outputs of their cells."""

    server: Kernel
    client: Kernel
    port: int
    server_cells: dict[str, Output]
    client_cells: dict[str, Output]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunLab]:
    folder = tmp_path_factory.mktemp("lab")
    (folder / "images").symlink_to(ROOT / "images")
    port = _free_port_pair()
    kernels = [Kernel(folder, home=folder / "home", imports_from=ROOT) for _ in _NOTEBOOKS]
    try:
        server, client = kernels
        server_cells = _run_all(server, "server.ipynb", changed={"port": f"PORT = {port}"})
        address = f"from countlab import find_server\n\nBASE_URL = find_server({port})"
        client_cells = _run_all(client, "client.ipynb", changed={"base-url": address})
        yield RunLab(server, client, port, server_cells, client_cells)
    finally:
        for kernel in kernels:
            kernel.stop()


def _free_port_pair() -> int:
    """A free port whose next one is free too: the classic cell listens there."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as first:
            port = int(first.getsockname()[1])
            try:
                socket.create_server(("127.0.0.1", port + 1)).close()
            except (OSError, OverflowError):
                continue
            return port


@pytest.mark.slow
def test_spanish_notebooks_run_as_well(tmp_path: Path) -> None:
    (tmp_path / "images").symlink_to(ROOT / "images")
    port = _free_port_pair()
    server, client = (Kernel(tmp_path, home=tmp_path / "home", imports_from=ROOT) for _ in "sc")
    try:
        _run_all(server, "server.es.ipynb", changed={"port": f"PORT = {port}"})
        address = f"from countlab import find_server\n\nBASE_URL = find_server({port})"
        cells = _run_all(client, "client.es.ipynb", changed={"base-url": address})
        assert "No hay ningún modelo" in cells["error-model"].printed
    finally:
        server.stop()
        client.stop()


def test_notebooks_are_those_of_their_source() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/notebooks", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, f"run make notebooks: {done.stdout}{done.stderr}"


@pytest.mark.parametrize("name", ["server", "client"])
def test_every_cell_of_prose_stands_in_both_languages(name: str) -> None:
    for cell in read_source(ROOT / "notebooks" / f"{name}.md"):
        if cell.kind == "markdown":
            assert {*cell.parts} == {"en", "es"}, cell.name
            assert cell.parts["en"] != cell.parts["es"], cell.name
            assert "TODO" not in cell.parts["es"], cell.name


def test_the_client_never_takes_another_server_for_the_notebooks(tmp_path: Path) -> None:
    other = serve(create_app(settings=Settings(home=tmp_path)), port=0)
    here = Path.cwd()
    try:
        assert find_server(other.port) == other.url
        os.chdir(tmp_path)  # another folder: its notebook is not this one
        with pytest.raises(CountlabError) as refused:
            find_server(other.port)
        assert refused.value.code == "no_notebook_server"
    finally:
        os.chdir(here)
        other.stop()


def test_a_students_bug_is_answered_with_their_own_line(lab: RunLab) -> None:
    cell = (
        '@app.post("/broken")\n'
        "def broken(file: UploadFile) -> dict:\n"
        '    return {"count": counts["orange"]}\n'
    )
    assert lab.server.run(cell).error is None
    assert lab.server.run(_source("server.ipynb", "serve")).error is None
    answer = requests.post(
        f"http://127.0.0.1:{lab.port}/broken", files={"file": b"x"}, timeout=30
    ).json()
    assert answer["code"] == "endpoint_failed"
    assert 'return {"count": counts["orange"]}' in answer["detail"]
    assert "NameError" in answer["detail"]
    assert "line 3" in answer["detail"]


def test_a_confidence_is_checked_in_a_students_endpoint_too(lab: RunLab) -> None:
    url = f"http://127.0.0.1:{lab.port}/countObjects?confidence=7"
    picture = (ROOT / "images" / "oranges_1.jpg").read_bytes()
    answer = requests.post(url, files={"file": picture}, timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_parameter")


@pytest.mark.parametrize("name", _ALL)
def test_committed_without_outputs(name: str) -> None:
    notebook = json.loads((ROOT / name).read_text(encoding="utf-8"))
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None


@pytest.mark.parametrize("name", _ALL)
def test_cells_are_short_and_explained(name: str) -> None:
    for (_, before), (cell_name, cell) in pairwise(_cells(name).items()):
        assert cell["source"].count("\n") < 20, cell_name
        explained = "markdown" in (before["cell_type"], cell["cell_type"])
        assert explained or "parameters" in before["metadata"].get("tags", ()), cell_name


def test_server_notebook_shows_findings(lab: RunLab) -> None:
    cells = lab.server_cells
    assert len(cells["look"].titles) >= 6
    assert "fruits.jpg" in cells["truth-table"].value
    assert _number_in(cells["predict"].titles[0]) > 0
    assert "confidence" in cells["findings-table"].value
    counts = [_number_in(title) for title in cells["three-confidences"].titles]
    assert len(counts) == 3
    assert counts[0] > counts[2]
    assert cells["doubts"].printed.startswith("• ")


def test_server_notebook_stays_usable_and_the_server_answers(lab: RunLab) -> None:
    assert f"http://127.0.0.1:{lab.port}/docs" in lab.server_cells["serve"].printed
    assert "'ok'" in lab.server_cells["ask"].value
    assert "confidence" in lab.server_cells["openapi"].value
    assert lab.server.run("1 + 1").value == "2"


def test_client_receives_pictures(lab: RunLab) -> None:
    cells = lab.client_cells
    url = f"http://127.0.0.1:{lab.port}/predict?model=fruits&confidence=0.5"
    assert url in cells["build-url"].value
    assert cells["post"].printed.startswith("200 image/jpeg")
    assert url in cells["client-predict"].printed
    assert len(cells["client-predict"].titles) == 1
    assert re.match(r"[1-9]\d* objects: \{'", cells["client-count"].printed)
    assert len(cells["orange-pictures"].titles) >= 6
    assert len(cells["misleading"].titles) == 4


def test_client_counts_fall_as_the_confidence_rises(lab: RunLab) -> None:
    titles = lab.client_cells["six-confidences"].titles
    counts = [_number_in(title) for title in titles]
    assert len(counts) == 6
    assert counts == sorted(counts, reverse=True)
    plot = lab.client_cells["confidence-plot"]
    assert "image/png" in plot.data
    assert _source("client.ipynb", "confidence-plot").count("client.") == 1, "one request"
    six = {float(title.split()[1].rstrip(":")): _number_in(title) for title in titles}
    assert plot.printed == f"From one request: {six}\n"


def test_client_compares_counts_with_the_truth(lab: RunLab) -> None:
    rows = [line.split() for line in lab.client_cells["orange-table"].value.splitlines()]
    table = {row[0]: (int(row[1]), int(row[2]), row[3]) for row in rows if len(row) == 4}
    truths = [truth for truth, _, _ in table.values()]
    assert {1, 2, 3, 4, 5} < set(truths)
    assert max(truths) > 5
    for truth, counted, mark in table.values():
        assert mark == ("✓" if truth == counted else "✗")
    exact = sum(truth == counted for truth, counted, _ in table.values())
    assert lab.client_cells["orange-table"].printed == f"{exact} of {len(table)} right\n"


def test_client_counts_a_crowd_in_tiles(lab: RunLab) -> None:
    cell = lab.client_cells["crowd-tiles"]
    once, tiled = (_number_in(title) for title in cell.titles)
    assert once < tiled
    assert abs(tiled - 52) <= 1, "the notebook says how many there are"
    assert re.fullmatch(r"tiles=off: .* s\ntiles=auto: .* s\n", cell.printed)


def test_client_shows_errors_with_code_and_fix(lab: RunLab) -> None:
    cells = lab.client_cells
    code, detail, fix = cells["error-model"].printed.splitlines()
    assert code.endswith("unknown_model")
    assert "“fruit”" in detail
    assert "fruits" in detail
    assert len(fix) > len("fix:   ")
    assert cells["error-text"].printed.startswith("415")
    assert "'not_a_picture'" in cells["error-text"].value
    assert "'fix'" in cells["error-text"].value
    assert cells["error-parameter"].printed.startswith("422 unknown_parameter\n")
    assert "Write confidence= instead of param=" in cells["error-parameter"].printed


def test_student_adds_an_endpoint_and_serves_again(lab: RunLab) -> None:
    assert "Not there yet" in lab.client_cells["your-endpoint-answer"].printed
    assert lab.server.run(_SOLUTION).error is None
    assert lab.server.run(_source("server.ipynb", "serve")).error is None
    output = lab.client.run(_source("client.ipynb", "your-endpoint-answer"))
    assert output.error is None
    assert int(output.printed.split()[0]) >= 0


def test_port_in_use_is_a_one_line_error(lab: RunLab) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = lab.server.run(f"serve(app, port={port})")
    assert refused.error is not None
    assert refused.error.startswith("port_taken_by: ")
    assert "\n" not in refused.error
    assert lab.server.run("server.running").value == "True"


def test_classic_cell_blocks_serves_and_ends_on_interrupt(lab: RunLab) -> None:
    cell = _source("server.ipynb", "classic-cell")
    edited = cell.replace("CLASSIC_WAY = False", "CLASSIC_WAY = True")
    assert edited != cell
    kernel = lab.server
    blocking = kernel.send(edited)
    classic = f"http://127.0.0.1:{lab.port + 1}"
    assert _answers(classic), "the blocking cell never answered"
    picture = (ROOT / "images" / "fruits.jpg").read_bytes()
    for base_url in (classic, f"http://127.0.0.1:{lab.port}"):  # neither server disturbs the other
        response = requests.post(f"{base_url}/countObjects", files={"file": picture}, timeout=60)
        assert response.status_code == 200
    following = kernel.send("print(6 * 7)")  # queued behind the blocking cell
    with pytest.raises(queue.Empty):  # no result while it serves
        kernel.result(blocking, timeout_s=0.5)

    kernel.interrupt()

    output = kernel.result(blocking, timeout_s=20)
    assert output.error is None
    assert output.printed.endswith("The notebook is free again.\n")
    assert "Traceback" not in output.printed
    assert kernel.result(following, timeout_s=20).printed == "42\n"
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{classic}/health", timeout=5)
    restarted = kernel.run("server = serve(app, port=PORT)")  # also after nest_asyncio.apply()
    assert restarted.error is None
    assert _answers(f"http://127.0.0.1:{lab.port}")


def test_stop_frees_the_port(lab: RunLab) -> None:
    stop = _source("server.ipynb", "stop").removeprefix("# ")
    assert lab.server.run(stop).error is None
    with socket.create_server(("127.0.0.1", lab.port)):
        pass
    output = lab.client.run(f"find_server({lab.port})")
    assert output.error is not None
    assert output.error.startswith("no_notebook_server: ")
    assert "\n" not in output.error


def _number_in(title: str) -> int:
    """The number in “confidence 0.5: 3 found”."""
    return int(title.rpartition(": ")[2].removesuffix(" found"))


def _answers(base_url: str) -> bool:
    for _ in range(100):
        try:
            return requests.get(f"{base_url}/health", timeout=5).status_code == 200
        except requests.ConnectionError:
            time.sleep(0.1)
    return False
