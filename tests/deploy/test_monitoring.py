"""Dashboard and alerts: they ask for what the server tells, and a real Prometheus answers."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml  # type: ignore[import-untyped]

from countlab.notebook import serve
from countlab.server import create_app
from countlab.server.metrics import Metrics
from countlab.settings import Settings
from deploy.stack.service import free_port
from tests.conftest import ROOT, until
from tests.deploy.programs import require, run

PROMETHEUS = ROOT / "deploy" / "prometheus"
KEY = "wide-open-sesame"
_LATER = ("version_answers", "canary", "shadow", "history_rows")
"""What has rows only once a model is followed, or a history is kept."""


def panels() -> list[dict[str, Any]]:
    dashboard = json.loads((ROOT / "deploy/grafana/dashboards/countlab.json").read_text())
    found: list[dict[str, Any]] = dashboard["panels"]
    return found


def queries() -> list[str]:
    return [target["expr"] for panel in panels() for target in panel["targets"]]


def alerts() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text())["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def test_dashboard_and_alerts_ask_for_metrics_that_the_server_has() -> None:
    text = Metrics(lambda: 0).render().decode()
    families = re.findall(r"(?m)^# TYPE (\w+) (\w+)$", text)
    known = {name for name, kind in families} | {
        f"{name}_bucket" for name, kind in families if kind == "histogram"
    }
    for query in [*queries(), *(rule["expr"] for rule in alerts())]:
        asked = set(re.findall(r"\b((?:countlab|process)_\w+)", query))
        assert asked <= known, query


def test_panels_stand_side_by_side_and_have_units() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert all(x < 24 for x, _ in cells), panel["title"]
        taken |= cells
        assert panel["fieldConfig"]["defaults"]["unit"]


def test_the_page_says_what_to_do_about_each_alert() -> None:
    page = (ROOT / "docs" / "deploying.md").read_text()
    for rule in alerts():
        assert f"`{rule['alert']}`" in page


def test_alerts_speak_when_they_should(tmp_path: Path) -> None:
    promtool = require("promtool")
    rows = {
        'countlab_requests_total{status="200"}': "0+10x60",
        'countlab_requests_total{status="503"}': "0+5x60",
        "countlab_queue_length": "20x60",
        'countlab_pictures_total{model="fruits"}': "0+10x60",
        'countlab_pictures_empty_total{model="fruits"}': "0+9x60",
        'up{job="countlab"}': "0x60",
    }
    expected = {"CountlabAway", "CountlabErrors", "CountlabQueue", "CountlabFindsNothing"}
    tests = [
        {
            "eval_time": "60m",
            "alertname": rule["alert"],
            "exp_alerts": [{"exp_labels": _labels(rule), "exp_annotations": _annotations(rule)}]
            if rule["alert"] in expected
            else [],
        }
        for rule in alerts()
    ]
    case = {
        "rule_files": [str(PROMETHEUS / "alerts.yml")],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": row} for name, row in rows.items()],
                "alert_rule_test": tests,
            }
        ],
    }
    (tmp_path / "alerts_test.yml").write_text(yaml.safe_dump(case))
    told = run(promtool, "test", "rules", tmp_path / "alerts_test.yml")
    assert told.returncode == 0, told.stdout + told.stderr


def _labels(rule: dict[str, Any]) -> dict[str, str]:
    more = {"CountlabAway": {"job": "countlab"}, "CountlabFindsNothing": {"model": "fruits"}}
    return {**rule["labels"], **more.get(rule["alert"], {})}


def _annotations(rule: dict[str, Any]) -> dict[str, str]:
    return {
        name: text.replace("{{ $labels.model }}", "fruits")
        for name, text in rule["annotations"].items()
    }


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory, photo: bytes) -> Iterator[str]:
    """A real Prometheus with the stack's own configuration, watching a server that was used."""
    program, folder = require("prometheus"), tmp_path_factory.mktemp("prometheus")
    settings = Settings(home=folder / "home", api_keys=f"metrics:{KEY}")
    server, port = serve(create_app(settings=settings), port=0), free_port()
    (folder / "key").write_text(KEY)
    (folder / "alerts.yml").write_text((PROMETHEUS / "alerts.yml").read_text())
    config = (PROMETHEUS / "prometheus.yml").read_text()
    for documented, actual in {
        "/run/secrets/metrics_key": str(folder / "key"),
        "server:8000": f"127.0.0.1:{server.port}",
        "127.0.0.1:9090": f"127.0.0.1:{port}",
        "interval: 15s": "interval: 1s",
    }.items():
        assert documented in config
        config = config.replace(documented, actual)
    (folder / "prometheus.yml").write_text(config)
    command = [
        program,
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            until(lambda: _is_up(url), seconds=60)
            for path in ("predict/single", "countObjects", "sweep", "predict/single?model=weather"):
                headers = {"X-API-Key": KEY}
                answer = requests.post(
                    f"{server.url}/{path}", files={"file": photo}, headers=headers, timeout=60
                )
                assert answer.ok
            until(lambda: bool(_ask(url, "sum(rate(countlab_requests_total[1m])) > 0")), seconds=60)
            yield url
        finally:
            process.terminate()
            server.stop()


def _ask(url: str, query: str) -> list[Any]:
    answer = requests.get(f"{url}/api/v1/query", params={"query": query}, timeout=30).json()
    assert answer["status"] == "success", answer
    found: list[Any] = answer["data"]["result"]
    return found


def _is_up(url: str) -> bool:
    try:
        return bool(_ask(url, 'up{job="countlab"} == 1'))
    except (requests.RequestException, AssertionError):
        return False


@pytest.mark.slow
def test_every_panel_has_something_to_show(prometheus: str) -> None:
    empty = [query for query in queries() if not _ask(prometheus, query)]
    assert [query for query in empty if not any(name in query for name in _LATER)] == []


@pytest.mark.slow
def test_a_healthy_server_raises_no_alert(prometheus: str) -> None:
    rules = requests.get(f"{prometheus}/api/v1/rules", timeout=30).json()["data"]["groups"]
    loaded = [rule for group in rules for rule in group["rules"]]
    assert {rule["name"] for rule in loaded} == {rule["alert"] for rule in alerts()}
    assert [rule["name"] for rule in loaded if rule["state"] == "firing"] == []
