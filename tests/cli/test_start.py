"""Start-up: what is typed most often loads little, and a compiled network is read back."""

from __future__ import annotations

import io
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks import start
from countlab.cli import main
from countlab.engines.openvino import compiled
from countlab.inference.pipeline import Pipeline
from countlab.options import PredictOptions
from countlab.settings import Settings
from tests.conftest import FRUITS, ROOT

HEAVY = ("typer", "rich", "numpy", "sqlalchemy", "alembic", "httpx", "asyncio")


@pytest.mark.parametrize(
    ("script", "loaded"),
    [
        ("from countlab.cli import main; main(['--help'])", []),
        ("from countlab.cli import main; main(['history'])", []),
        ("import countlab.client", []),
    ],
)
def test_nothing_is_loaded_that_is_not_needed(script: str, loaded: list[str]) -> None:
    code = (
        f"import sys\ntry:\n    exec({script!r})\nexcept SystemExit: pass\n"
        f"print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == str(loaded)


@pytest.mark.parametrize("wrong", ["--engine", "--model"])
@pytest.mark.parametrize(
    "command", [["count", "x.jpg"], ["serve", "--port", "0"], ["evaluate", "images"],
                ["selfcheck", "images"], ["count", "images", "--output", "nowhere"]],
)  # fmt: skip
def test_a_mistyped_name_is_refused_before_anything_heavy_is_loaded(
    command: list[str], wrong: str
) -> None:
    heavy = ("numpy", "cv2", "fastapi", "uvicorn", "sqlalchemy", "openvino", "pyarrow")
    code = (
        "import sys\nfrom countlab.cli import main\n"
        f"try:\n    main({[*command, wrong, 'nope']})\nexcept SystemExit: pass\n"
        f"print([name for name in {heavy} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    *said, loaded = done.stderr.splitlines()
    assert "“nope”" in said[0], done.stderr
    assert loaded == "[]"


@pytest.mark.slow
def test_the_bench_measures_starts_as_ratios(tmp_path: Path) -> None:
    output = io.StringIO()
    starts = start.run(
        Console(file=output, width=100), Console(quiet=True), quick=True, results=tmp_path
    )
    assert "× import openvino" in output.getvalue()
    assert (tmp_path / "start.json").is_file()
    python, openvino = starts[start.PYTHON], starts[start.OPENVINO]
    assert python.cpu_s < openvino.cpu_s
    for name in ("countlab --help", "countlab history", "import countlab.client"):
        assert starts[name].cpu_s < openvino.cpu_s, f"{name} takes longer than importing OpenVINO"
    assert starts["countlab count fruits.jpg"].cpu_s < 4 * openvino.cpu_s


@pytest.fixture
def own_fruits(home: Path) -> Path:
    """The built-in model as one's own, so that its folder may be written to."""
    folder = home / "models" / "mine"
    folder.mkdir(parents=True)
    for name in ("fruits.cfg", "fruits.weights", "fruits.names"):
        shutil.copy(FRUITS / name, folder)
    text = (FRUITS / "model.toml").read_text(encoding="utf-8")
    (folder / "model.toml").write_text(text.replace('"fruits"', '"mine"'), encoding="utf-8")
    return folder


@pytest.fixture
def counted(home: Path, photo: bytes) -> Callable[[], str]:
    def hash_of_result() -> str:
        prediction = Pipeline(Settings(home=home)).predict(photo, PredictOptions(model="mine"))
        return str(prediction.receipt["result_sha256"])

    return hash_of_result


def test_a_compiled_network_is_kept_and_counts_the_same(
    own_fruits: Path, counted: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = counted()
    (kept,) = (own_fruits / ".converted").glob("*.compiled")
    prepared: list[object] = []
    monkeypatch.setattr(compiled, "_keep", lambda *_: prepared.append(True))
    assert counted() == expected
    assert not prepared, "it was compiled again"
    assert kept.stat().st_size > 10**6


@pytest.mark.parametrize("damage", ["cut", "altered", "empty", "foreign"])
def test_a_damaged_file_is_compiled_anew(
    own_fruits: Path, counted: Callable[[], str], damage: str
) -> None:
    expected = counted()
    (kept,) = (own_fruits / ".converted").glob("*.compiled")
    whole = kept.read_bytes()
    altered = whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:]
    damages = {"cut": whole[:-100], "altered": altered, "empty": b"", "foreign": b"no network"}
    kept.write_bytes(damages[damage])
    assert counted() == expected
    assert kept.read_bytes()[32:64] == whole[32:64], "it was replaced"
    assert not list((own_fruits / ".converted").glob("*.part"))


def test_where_nothing_can_be_written_nothing_is_kept(
    own_fruits: Path, counted: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("read-only")

    monkeypatch.setattr(Path, "replace", refuse)
    assert counted()
    assert not list(own_fruits.rglob("*.compiled")) + list(own_fruits.rglob("*.part"))


def test_completion_lists_commands_without_loading_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_COUNTLAB_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "countlab co")
    monkeypatch.setenv("COMP_CWORD", "1")
    with pytest.raises(SystemExit):
        main([])
    assert capsys.readouterr().out.split() == ["count", "collect", "compare"]


def test_completion_can_be_installed_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "--install-completion" in capsys.readouterr().out
    script = "from countlab.cli import main; main(['--show-completion'])"
    command = f'{shlex.quote(sys.executable)} -c "{script}"; exit $?'  # the shell is detected
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert "_COUNTLAB_COMPLETE" in done.stdout, done.stderr
