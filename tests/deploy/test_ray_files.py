"""KubeRay's files: their pods follow Kubernetes' schema, and the rest is what the operator reads.

The operator's own schema (a custom resource) is in no package index: the names of its fields are
held here by hand, from its reference.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from tests.conftest import ROOT
from tests.deploy.programs import require_check, run

FOLDER = ROOT / "deploy" / "ray"
FILES = ("rayservice.yaml", "rayjob.yaml")
FIELDS = {
    "RayService": {"serveConfigV2", "rayClusterConfig"},
    "RayJob": {"entrypoint", "backoffLimit", "shutdownAfterJobFinishes", "rayClusterSpec"},
    "cluster": {"rayVersion", "enableInTreeAutoscaling", "headGroupSpec", "workerGroupSpecs"},
    "head": {"rayStartParams", "template"},
    "workers": {"groupName", "replicas", "minReplicas", "maxReplicas"} | {
        "rayStartParams", "template"
    },
}  # fmt: skip


def read(name: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text())
    return document


def cluster_of(document: dict[str, Any]) -> dict[str, Any]:
    spec = document["spec"]
    cluster: dict[str, Any] = spec.get("rayClusterConfig") or spec["rayClusterSpec"]
    return cluster


@pytest.mark.parametrize("name", FILES)
def test_pods_follow_the_schema(name: str, tmp_path: Path) -> None:
    cluster = cluster_of(read(name))
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    for number, group in enumerate(groups):
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": f"group-{number}"},
            **group["template"],
        }
        path = tmp_path / f"{number}.yaml"
        path.write_text(yaml.safe_dump(pod))
        checked = run(require_check("kubernetes-validate"), "--strict", path)
        assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("name", FILES)
def test_fields_are_those_that_the_operator_reads(name: str) -> None:
    document = read(name)
    cluster = cluster_of(document)
    assert document["apiVersion"] == "ray.io/v1"
    assert set(document["spec"]) <= FIELDS[document["kind"]]
    assert set(cluster) <= FIELDS["cluster"]
    assert set(cluster["headGroupSpec"]) <= FIELDS["head"]
    for group in cluster["workerGroupSpecs"]:
        assert set(group) <= FIELDS["workers"]
        assert group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]
    for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
        assert all(isinstance(value, str) for value in group["rayStartParams"].values())


@pytest.mark.parametrize("name", FILES)
def test_the_version_is_the_one_that_is_tested(name: str) -> None:
    tested = (ROOT / "tests" / "ray" / "requirements.txt").read_text()
    assert cluster_of(read(name))["rayVersion"] in re.findall(r"ray\[[a-z,]+\]==(\S+)", tested)
