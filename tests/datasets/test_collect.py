"""Collecting from a shop on loopback, in real Chromium."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, Run, offering, until
from tests.datasets.shop.server import ROBOTS, SPECIAL, Shop

pytestmark = pytest.mark.skipif(
    not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))),
    reason="needs Chromium: scripts/system-packages installs it",
)

COUNTLAB = (sys.executable, "-c", "from countlab.cli import main; main()")
TOML = """
name = "galletas"
start = "{url}/{page}"
[listing]
product = ".product"
name = "{name}"
description = ".text"
price = "b"
more = "{more}"
next = "{next}"
[polite]
delay_s = {delay}
patience_s = 1.0
"""


@pytest.fixture
def shop() -> Iterator[Shop]:
    server = Shop()
    with offering(server):
        yield server


def described(folder: Path, shop: Shop, page: str, *, delay: float = 0.02, **listing: str) -> Path:
    facts = {"name": "h2", "more": "", "next": "", **listing}
    path = folder / "shop.toml"
    path.write_text(TOML.format(url=shop.url, page=page, delay=delay, **facts), encoding="utf-8")
    return path


def lines(folder: Path) -> list[dict[str, Any]]:
    text = (folder / "collected.ndjson").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def wait_for_lines(folder: Path, number: int) -> None:
    log = folder / "collected.ndjson"
    until(lambda: log.is_file() and len(log.read_bytes().splitlines()) >= number, 60)


def ids(folder: Path) -> list[int]:
    return sorted(int(line["product"].rpartition("/")[2]) for line in lines(folder))


def test_an_endless_page_is_read_to_its_end(tmp_path: Path, shop: Shop, run: Run) -> None:
    out, inside = tmp_path / "photos", Shop(at=("127.0.0.2", shop.server_address[1]))
    with offering(inside):  # a machine of the private network, to which the shop's page leads
        status, told, errors = run("collect", described(tmp_path, shop, "endless.html"), out)
    assert status == 0, errors
    assert inside.asked == []
    assert len(shop.paths("/inward")) == 3  # the picture, a frame, a script's request
    assert "16 new products, 0 known, 4 failed, 1 pages read" in told
    assert ids(out) == list(range(20))
    found = {int(line["product"].rpartition("/")[2]): line for line in lines(out)}
    assert found[2]["name"] == "Galletas 2"
    assert found[2]["description"] == "Alto en azúcares, 2 g"
    assert found[2]["price"] == "$ 2.990"
    assert found[9]["file"] == found[1]["file"]
    reasons = {number: line["failed"].partition(":")[0] for number, line in found.items()
               if "failed" in line}  # fmt: skip
    assert reasons == {3: "broken_picture", 11: "private_address", 13: "robots_forbid",
                       15: "http_status"}  # fmt: skip
    files = sorted(path.name for path in (out / "pictures").iterdir())
    assert len(files) == 15
    for name in files:
        digest = hashlib.sha256((out / "pictures" / name).read_bytes()).hexdigest()
        assert name == f"{digest[:20]}.jpg"
    assert "leads to 127.0.0.2" in errors
    assert shop.paths("/private") == []
    assert len(shop.paths("/busy")) == 2
    assert len(shop.paths("/pictures/2.jpg")) == 1  # the browser itself asked for none


@pytest.mark.slow
def test_a_second_run_asks_for_no_picture_again(tmp_path: Path, shop: Shop, run: Run) -> None:
    out, toml = tmp_path / "photos", described(tmp_path, shop, "more.html", more=".more", name="a")
    assert run("collect", toml, out)[0] == 0
    assert ids(out) == list(range(20))
    before, asked = (out / "collected.ndjson").read_bytes(), len(shop.paths("/pictures"))
    status, told, _ = run("collect", toml, out)
    assert (status, (out / "collected.ndjson").read_bytes()) == (0, before)
    assert "0 new products, 20 known" in told
    assert len(shop.paths("/pictures")) == asked
    run("collect", toml, out, "--again")
    assert len(shop.paths("/nowhere")) == 2


@pytest.mark.slow
def test_pages_are_followed_up_to_the_limit(tmp_path: Path, shop: Shop, run: Run) -> None:
    out, toml = tmp_path / "photos", described(tmp_path, shop, "paged/0", next=".next", name="a")
    status, _, errors = run("collect", toml, out, "--limit", "10")
    assert (status, ids(out)) == (0, list(range(10)))
    assert "The limit is reached" in errors
    assert run("collect", toml, out, "--limit", "500")[0] == 0
    assert ids(out) == list(range(20))
    # The first page was read to its end, so the second run began with the second.
    assert shop.paths("/paged") == ["/paged/0", "/paged/1", "/paged/1", "/paged/2"]


def test_requests_keep_their_distance_and_a_stop_file_ends_them(
    tmp_path: Path, shop: Shop, run: Run
) -> None:
    out, toml = tmp_path / "photos", described(tmp_path, shop, "paged/0", delay=0.3, name="a")
    out.mkdir()
    (out / "stop").touch()
    status, _, errors = run("collect", toml, out)
    assert (status, shop.paths("/pictures")) == (0, [])
    assert "a file named stop" in errors
    (out / "stop").unlink()
    shop.asked.clear()
    assert run("collect", toml, out, "--limit", "4")[0] == 0
    times = [moment for moment, path in shop.asked if not path.startswith("/favicon")]
    gaps = [after - before for before, after in pairwise(times)]
    assert len(gaps) >= 5
    assert sum(gaps) > 0.28 * len(gaps), gaps
    assert min(gaps) > 0.1, gaps  # a busy machine notes a request late, and the next in time


def test_what_robots_forbid_is_never_opened(tmp_path: Path, run: Run) -> None:
    server = Shop(robots="User-agent: countlab\nDisallow: /paged\n\nUser-agent: *\nAllow: /\n")
    with offering(server):
        status, _, errors = run("collect", described(tmp_path, server, "paged/0"), tmp_path / "out")
    assert status == 1
    assert "robots.txt" in errors
    assert server.paths("/paged") == []


@pytest.mark.slow
@pytest.mark.parametrize("page", ["endless.html", "paged/0"])
def test_a_killed_run_goes_on_without_a_duplicate(tmp_path: Path, page: str) -> None:
    server, out = Shop(products=24, robots=ROBOTS), tmp_path / "photos"
    with offering(server):
        toml = described(tmp_path, server, page, delay=0.1, name="", next=".next")
        command = [*COUNTLAB, "collect", str(toml), str(out)]
        enough = [4, 13]
        for number in enough:
            process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
            wait_for_lines(out, number)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            with (out / "collected.ndjson").open(
                "ab"
            ) as file:  # as if it had been killed while it wrote
                file.write(b'{"product": "ha')
            (out / "pictures" / ".half.jpg.1.part").write_bytes(b"half")
        assert subprocess.run(command, cwd=ROOT, timeout=120).returncode == 0
    assert ids(out) == list(range(24))
    names = [path.name for path in (out / "pictures").iterdir()]
    assert len(names) == len({line["file"] for line in lines(out) if "file" in line})
    assert not any(name.startswith(".") for name in names)
    pictures = [path for path in server.paths("/pictures") if path != SPECIAL[3]]
    assert len(pictures) - len(set(pictures)) <= len(enough)  # at most the one under way each time


def test_ctrl_c_ends_between_two_products(tmp_path: Path) -> None:
    server, out = Shop(), tmp_path / "photos"
    with offering(server):
        toml = described(tmp_path, server, "paged/0", delay=0.2, name="a")
        command = [*COUNTLAB, "collect", str(toml), str(out)]
        process = subprocess.Popen(
            command, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        wait_for_lines(out, 3)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the browser too
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert "the same command goes on" in errors
    assert all("file" in line or "failed" in line for line in lines(out))


@pytest.mark.slow
def test_a_collection_goes_to_any_store(tmp_path: Path, shop: Shop, run: Run, home: Path) -> None:
    fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed (countlab[collect])")
    store = fsspec.filesystem("memory")
    toml = described(tmp_path, shop, "paged/0", name="a", next=".next")
    address = f"memory://{tmp_path.name}/photos"
    assert run("collect", toml, address, "--limit", "6")[0] == 0
    shutil.rmtree(home / "collect")  # another machine goes on
    assert run("collect", toml, address)[0] == 0
    text = store.cat(f"{address}/collected.ndjson").decode()
    numbers = [json.loads(line)["product"].rpartition("/")[2] for line in text.splitlines()]
    assert sorted(map(int, numbers)) == list(range(20))
    files = {json.loads(line)["file"] for line in text.splitlines() if "file" in json.loads(line)}
    assert {path.rpartition("/")[2] for path in store.ls(f"{address}/pictures", False)} == {
        file.rpartition("/")[2] for file in files
    }
