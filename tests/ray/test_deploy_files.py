"""The files of deploy/ray: understood by Ray, and naming what is there."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT

pytest.importorskip("ray", reason="needs the extra [ray]: make test-ray")
yaml = pytest.importorskip("yaml")

pytestmark = pytest.mark.filterwarnings("ignore")  # of Ray
FOLDER = ROOT / "deploy" / "ray"


def serve_config(path: Path) -> Any:
    document = yaml.safe_load(path.read_text())
    if document.get("kind") == "RayService":
        return yaml.safe_load(document["spec"]["serveConfigV2"])
    return document


@pytest.mark.parametrize("name", ["serve.yaml", "rayservice.yaml"])
def test_the_configuration_builds_the_service(name: str) -> None:
    from ray.serve.schema import ServeDeploySchema

    parsed = ServeDeploySchema.model_validate(serve_config(FOLDER / name))
    (application,) = parsed.applications
    module, _, builder = application.import_path.partition(":")
    built = getattr(importlib.import_module(module), builder)(application.args)
    assert type(built).__name__ == "Application"


def test_an_argument_that_is_not_known_is_refused() -> None:
    from countlab.cli.serving_on_ray import application

    with pytest.raises(ValueError, match="replica"):
        application({"replica": "fruits=1"})


def test_the_job_is_a_command_that_there_is() -> None:
    document = yaml.safe_load((FOLDER / "rayjob.yaml").read_text())
    words = document["spec"]["entrypoint"].split()
    assert words[:2] == ["countlab", "count"]
    assert "--output" in words
    assert "--ray" in words


def test_the_cluster_is_one_that_ray_up_understands() -> None:
    """By the schema that Ray ships, once it has filled in what a list of machines leaves out."""
    from ray.autoscaler._private.util import prepare_config, validate_config

    document = yaml.safe_load((FOLDER / "cluster.yaml").read_text())
    machines = len(document["provider"]["worker_ips"])
    assert document["min_workers"] == document["max_workers"] == machines
    prepared = prepare_config(document)
    validate_config(prepared)
    with pytest.raises(Exception, match="worker_start_commands"):
        validate_config({**prepared, "worker_start_commands": []})


@pytest.mark.parametrize("name", ["rayservice.yaml", "rayjob.yaml"])
def test_every_container_is_bounded(name: str) -> None:
    spec = yaml.safe_load((FOLDER / name).read_text())["spec"]
    cluster = spec.get("rayClusterConfig") or spec["rayClusterSpec"]
    for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
        for container in group["template"]["spec"]["containers"]:
            assert "memory" in container["resources"]["limits"]
