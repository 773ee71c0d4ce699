"""The wheel in clean environments: what each extra can do, and what is missing is named."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.slow

MAX_BASE_MB = 60
Environment = Callable[[str], Path]
LIGHT = "from countlab import Client; import countlab.cli"
COUNT = (
    "from countlab import Pipeline; import sys; "
    "print(Pipeline().predict(open(sys.argv[1], 'rb').read()).count)"
)


def run(python: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """In another folder: the project's own would be imported instead of what is installed."""
    return subprocess.run(
        [str(python), *map(str, arguments)],
        cwd=python.parent,
        capture_output=True,
        text=True,
        timeout=600,
    )


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "uv", "build", "--quiet", "--wheel", "--out-dir", folder, ROOT],
        check=True,
    )
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="session")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    def make(extra: str) -> Path:
        folder = tmp_path_factory.mktemp("environment") / "venv"
        uv = [sys.executable, "-m", "uv"]
        subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
        python = folder / "bin" / "python"
        requirement = f"{wheel}[{extra}]" if extra else str(wheel)
        pins = ["-c", str(ROOT / "constraints.txt")]
        subprocess.run(
            [*uv, "pip", "install", "--quiet", "--python", python, *pins, requirement], check=True
        )
        return python

    return make


def megabytes(python: Path) -> float:
    folder = next((python.parent.parent / "lib").glob("python*")) / "site-packages"
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def test_the_base_has_the_client_and_the_command_and_names_what_is_missing(
    environment: Environment,
) -> None:
    python = environment("")
    assert run(python, "-c", LIGHT).returncode == 0
    assert megabytes(python) <= MAX_BASE_MB
    command = python.with_name("countlab")
    assert "serve" in run(command, "--help").stdout
    photo = ROOT / "images" / "fruits.jpg"
    for arguments, extra in ((["count", photo], "engine"), (["serve"], "server")):
        done = run(command, *arguments)
        assert done.returncode == 1
        assert f"countlab[{extra}]" in done.stderr, done.stderr
        assert "Traceback" not in done.stderr
    done = run(python, "-c", "from countlab import Pipeline")
    assert "countlab[engine]" in done.stderr


@pytest.mark.parametrize(
    ("extra", "missing"), [("engine", "server"), ("server", "web"), ("lab", None)]
)
def test_an_extra_counts_a_picture(
    environment: Environment, extra: str, missing: str | None
) -> None:
    python = environment(extra)
    photo = ROOT / "images" / "oranges_3.jpg"
    done = run(python, "-c", COUNT, photo)
    assert done.stdout.strip() == "3", done.stderr
    if extra == "engine":
        done = run(python, "-c", "from countlab import create_app; create_app()")
        assert f"countlab[{missing}]" in done.stderr
    if extra == "server":
        assert run(python, "-c", "from countlab import create_app; create_app()").returncode == 0
    if extra == "lab":
        assert run(python, "-c", "from countlab import serve, show").returncode == 0


def test_the_engine_resolves_beside_pandas_and_an_older_numpy(wheel: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "-"],
        input=f"countlab[engine] @ {wheel.as_uri()}\npandas<3\nnumpy==2.2.*\n",
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "numpy==2.2" in done.stdout


def test_heic_photos_are_counted_with_their_extra(environment: Environment) -> None:
    python = environment("heic")
    photo = ROOT / "tests" / "imaging" / "photo.heic"
    command = python.with_name("countlab")
    done = run(command, "count", photo, "--json")
    assert done.returncode == 0, done.stderr
    (answer,) = json.loads(done.stdout)["results"]
    assert answer["result"]["count"] > 0
