"""The scripts for the clouds: a dry run does nothing, and shows word for word what a run does."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.stack.service import free_port
from tests.conftest import ROOT, until
from tests.deploy.aws_loaded import write_command
from tests.deploy.programs import CHECKS, require, require_check, wait_for_port

CLOUD = ROOT / "deploy" / "cloud"
SETTINGS = {
    "cloud-run": {"PROJECT": "project-one", "REGION": "europe-west1"},
    "ec2": {"AWS_REGION": "eu-west-1", "CERTIFICATE": "arn:aws:acm:x", "ALARMS_TO": "a@b.example"},
    "static-host": {"AWS_REGION": "eu-west-1", "BUCKET": "my-page",
                    "API_HOST": "api.lab.example.org", "PAGE_KEY_FILE": "key"},
}  # fmt: skip
ERRANDS = [
    ("cloud-run", "up"), ("cloud-run", "rollback"), ("cloud-run", "down"),
    ("ec2", "up"), ("ec2", "deploy"), ("ec2", "down"),
    ("static-host", "up"), ("static-host", "publish"), ("static-host", "down"),
]  # fmt: skip
PROGRAMS = ("aws", "gcloud", "docker", "npm", "rm", "ec2-template", "static-host-settings")
# Notes what it was called with, and answers as if it had made something. With
# NOTHING_THERE it fails where it is asked whether something is there already.
STUB = """#!/bin/bash
[ "$1" = login ] && cat >/dev/null
printf '%s\\n' "$(basename "$0")" "$@" | sed 's/$/ |/' >> "$CALLS"; echo >> "$CALLS"
if [ -n "${NOTHING_THERE:-}" ] && grep -qE "$NOTHING_THERE" <<<"$*"; then exit 1; fi
made="made-$(printf %s "$*" | cksum | cut -d ' ' -f 1)"
if grep -q 'limit 2' <<<"$*"; then echo newest; fi
echo "$made"
"""


@pytest.fixture
def stubs(tmp_path: Path) -> Path:
    folder = tmp_path / "stubs"
    folder.mkdir()
    for name in PROGRAMS:
        (folder / name).write_text(STUB)
        (folder / name).chmod(0o755)
    return folder


def call(stubs: Path, *command: str | Path, script: str = "", **more: str) -> tuple[str, str]:
    """What it printed, and what it called."""
    calls = stubs.parent / "calls"
    calls.write_text("")
    environment = {"PATH": f"{stubs}:{os.environ['PATH']}", "CALLS": str(calls), "VERSION": "v1"}
    done = subprocess.run(
        [str(word) for word in command],
        input=script or None, env={**environment, **more}, cwd=ROOT, capture_output=True,
        text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout, calls.read_text()


@pytest.mark.parametrize(("script", "errand"), ERRANDS)
def test_a_dry_run_calls_nothing(stubs: Path, script: str, errand: str) -> None:
    printed, calls = call(stubs, CLOUD / script, "--dry-run", errand, **SETTINGS[script])
    assert calls == ""
    assert len(printed.splitlines()) > 1


CHECKED = "(repositories|accounts|secrets) describe|-repositories|-log-str|get-role|get-inst|head-b"


@pytest.mark.parametrize("nothing_there", ["", CHECKED], ids=["all_there", "nothing_there"])
@pytest.mark.parametrize(("script", "errand"), ERRANDS)
def test_what_a_dry_run_prints_can_be_pasted_and_does_what_a_run_does(
    stubs: Path, tmp_path: Path, script: str, errand: str, nothing_there: str
) -> None:
    if nothing_there and errand != "up":
        pytest.skip("only `up` asks what is there already")
    # The scripts' own programs are called by their path: a copy with stubs in their place.
    copy = tmp_path / "deploy" / "cloud"
    copy.mkdir(parents=True)
    for path in CLOUD.iterdir():
        (copy / path.name).write_bytes(
            (stubs / path.name if path.name in PROGRAMS else path).read_bytes()
        )
        (copy / path.name).chmod(0o755)
    settings = {**SETTINGS[script], "NOTHING_THERE": nothing_there}
    printed, _ = call(stubs, copy / script, "--dry-run", errand, **settings)
    again = f"cd {tmp_path}\n{printed}"
    more = {"AWS_DEFAULT_REGION": "eu-west-1", "AWS_PAGER": ""}
    _, pasted = call(stubs, "bash", "-euo", "pipefail", script=again, **settings, **more)
    _, really = call(stubs, copy / script, errand, **settings)
    assert pasted == really
    assert pasted.count("\n\n") >= 2


def test_what_is_missing_is_named() -> None:
    done = subprocess.run(
        [CLOUD / "ec2", "--dry-run", "up"], env={"PATH": os.environ["PATH"], "AWS_REGION": "x"},
        capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 2
    assert "CERTIFICATE is not set" in done.stderr
    without = subprocess.run(
        [CLOUD / "cloud-run"], env={"PATH": os.environ["PATH"]}, capture_output=True, text=True
    )
    assert without.returncode == 2
    assert "PROJECT is not set" in without.stderr


def test_a_project_key_never_stands_in_what_is_printed(stubs: Path, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("open-sesame")
    settings = {**SETTINGS["static-host"], "PAGE_KEY_FILE": str(tmp_path / "key")}
    printed, calls = call(stubs, CLOUD / "static-host", "--dry-run", "up", **settings)
    assert "open-sesame" not in printed + calls


@pytest.mark.slow
@pytest.mark.parametrize("errand", ["up", "rollback", "down"])
def test_gcloud_understands_every_command(errand: str, tmp_path: Path, stubs: Path) -> None:
    """Without an account it parses its arguments, and then asks for one."""
    gcloud = require("gcloud", by="Google's command line")
    printed, _ = call(stubs, CLOUD / "cloud-run", "--dry-run", errand, **SETTINGS["cloud-run"])
    (tmp_path / "keys").write_text("name:sha256:00")
    lines = printed.replace("deploy/secrets/api_keys", str(tmp_path / "keys"))
    commands = re.findall(r"gcloud (?!auth)[^|\n]*?(?= *(?:>/dev|\||\n))", lines)
    assert commands
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "CLOUDSDK_CONFIG": str(tmp_path),
        "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
        "LC_ALL": "C.UTF-8",
    }
    for command in commands:
        line = command.replace("gcloud", gcloud, 1).replace("${revision}", "one")
        asked = subprocess.run(
            ["bash", "-c", line], env=environment, capture_output=True, text=True, timeout=120
        )
        assert "unrecognized arguments" not in asked.stderr, asked.stderr
        assert "active account selected" in asked.stderr, command + asked.stderr


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An imitation of Amazon's services on loopback, and the environment of the real command."""
    require_check("aws")
    port = free_port()
    (tmp_path / "docker").write_text('#!/bin/sh\n[ "$1" = login ] && cat >/dev/null\nexit 0\n')
    (tmp_path / "npm").write_text("#!/bin/sh\nexit 0\n")
    loaded = tmp_path / "aws.socket"
    write_command(tmp_path / "aws", python=CHECKS / "python", address=loaded)
    for name in ("docker", "npm"):
        (tmp_path / name).chmod(0o755)
    settings = {
        "PATH": f"{tmp_path}:{CHECKS}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
    }
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    environment = {**os.environ, **settings}
    server = [require_check("moto_server"), "-p", str(port)]
    command = [CHECKS / "python", Path(__file__).with_name("aws_loaded.py"), loaded]
    with (
        subprocess.Popen(server, env=environment, **quiet) as process,  # type: ignore[call-overload]
        subprocess.Popen(command, env=environment) as aws,
    ):
        try:
            wait_for_port(port, process)
            until(loaded.exists, 60)
            yield settings
        finally:
            process.terminate()
            aws.terminate()


def _aws(aws: dict[str, str], *arguments: str) -> Any:
    done = subprocess.run(
        ["aws", *arguments, "--output", "json"], env=aws, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def _run(aws: dict[str, str], repository: Path, *words: str, **more: str) -> None:
    done = subprocess.run(
        [str(repository / "deploy" / "cloud" / words[0]), *words[1:]],
        env={**aws, **more}, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The scripts, with secrets beside them, where they may write."""
    (tmp_path / "main" / "deploy").mkdir(parents=True)
    (tmp_path / "main" / "deploy" / "cloud").symlink_to(CLOUD)
    subprocess.run(["cp", "-r", CLOUD, tmp_path / "main" / "deploy" / "copy"], check=True)
    (tmp_path / "main" / "deploy" / "cloud").unlink()
    (tmp_path / "main" / "deploy" / "copy").rename(tmp_path / "main" / "deploy" / "cloud")
    subprocess.run(
        [ROOT / "deploy" / "make-secrets", tmp_path / "main" / "deploy" / "secrets"], check=True
    )
    page = tmp_path / "main" / "clients" / "react" / "dist" / "assets"
    page.mkdir(parents=True)
    (page.parent / "index.html").write_text("<title>page</title>")
    (page / "index-1.js").write_text("1")
    return tmp_path / "main"


@pytest.mark.slow
def test_ec2_up_deploy_and_down_with_the_real_command(
    aws: dict[str, str], repository: Path
) -> None:
    certificate = _aws(aws, "acm", "request-certificate", "--domain-name", "api.lab.example.org")
    settings = {
        "AWS_REGION": "eu-west-1",
        "CERTIFICATE": certificate["CertificateArn"],
        "ALARMS_TO": "someone@example.org",
    }
    _run(aws, repository, "ec2", "up", VERSION="v1", **settings)
    (group,) = _aws(aws, "autoscaling", "describe-auto-scaling-groups")["AutoScalingGroups"]
    assert (group["MinSize"], group["MaxSize"]) == (2, 6)
    assert group["HealthCheckType"] == "ELB"
    assert len(_aws(aws, "cloudwatch", "describe-alarms")["MetricAlarms"]) >= 3
    assert ":v1" in _begin_of_machines(aws)
    _run(aws, repository, "ec2", "down", **settings)
    assert not _aws(aws, "autoscaling", "describe-auto-scaling-groups")["AutoScalingGroups"]
    assert not _aws(aws, "elbv2", "describe-load-balancers")["LoadBalancers"]
    assert not _aws(aws, "ecr", "describe-repositories")["repositories"]


def _begin_of_machines(aws: dict[str, str]) -> str:
    (version,) = _aws(
        aws, "ec2", "describe-launch-template-versions", "--launch-template-name", "countlab",
        "--versions", "$Latest",
    )["LaunchTemplateVersions"]  # fmt: skip
    return base64.b64decode(version["LaunchTemplateData"]["UserData"]).decode()


@pytest.mark.slow
def test_static_host_up_with_the_real_command(aws: dict[str, str], repository: Path) -> None:
    key = repository / "deploy" / "secrets" / "page_key"
    settings = {**SETTINGS["static-host"], "PAGE_KEY_FILE": str(key)}
    _run(aws, repository, "static-host", "up", **settings)
    (page,) = _aws(aws, "cloudfront", "list-distributions")["DistributionList"]["Items"]
    by_id = {origin["Id"]: origin for origin in page["Origins"]["Items"]}
    (header,) = by_id["server"]["CustomHeaders"]["Items"]
    assert header == {"HeaderName": "X-API-Key", "HeaderValue": key.read_text().strip()}
    files = _aws(aws, "s3api", "list-objects-v2", "--bucket", "my-page")["Contents"]
    assert {file["Key"] for file in files} == {"index.html", "assets/index-1.js"}
    assert not (repository / "build" / "static-host" / "page.json").exists()
