"""The doctor's checks, each on a machine with that problem, and none on a healthy one."""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from countlab import doctor
from countlab.cli import main
from countlab.doctor import check_all
from countlab.notebook import Server
from countlab.settings import Settings

FRUITS = Path(doctor.__file__).parent / "models" / "data" / "fruits"


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = free.getsockname()[1]
        assert isinstance(number, int)
        return number


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """The folder a student works in."""
    folder = tmp_path / "my lab"
    folder.mkdir()
    return folder


def own_model(home: Path, *, bytes: int | None = None) -> Path:
    folder = home / "models" / "mine"
    folder.mkdir(parents=True)
    for name in ("fruits.cfg", "fruits.names", "fruits.weights"):
        shutil.copy(FRUITS / name, folder / name)
    size = f", bytes = {bytes}" if bytes else ""
    (folder / "model.toml").write_text(
        'name = "mine"\nlabels = "fruits.names"\n[files]\n'
        f'config = {{ name = "fruits.cfg" }}\nweights = {{ name = "fruits.weights"{size} }}\n'
    )
    return folder


def failed_checks(
    home: Path, lab: Path, port: int, default_model: str = "fruits"
) -> dict[str, str]:
    """Messages of the failed checks by code."""
    settings = Settings(home=home, default_model=default_model)
    checks = list(check_all(settings, port=port, folder=lab))
    return {check.message.code: str(check.message) for check in checks if not check.passed}


def test_healthy_machine_passes_every_check(home: Path, lab: Path, port: int) -> None:
    own_model(home)
    assert failed_checks(home, lab, port) == {}


def test_checks_change_no_files(home: Path, lab: Path, port: int) -> None:
    failed_checks(home, lab, port)
    assert not home.exists()
    assert list(lab.iterdir()) == []


def test_every_check_has_a_message_in_both_languages(home: Path, lab: Path, port: int) -> None:
    for check in check_all(Settings(home=home), port=port, folder=lab):
        assert check.message.text("en").detail != check.message.text("es").detail


def test_file_that_shadows_a_library_is_fixed_by_the_suggested_command(
    home: Path, lab: Path, port: int
) -> None:
    (lab / "fastapi.py").write_text("app = None")
    (lab / "random.py").write_text("")
    (lab / "my_lab.py").write_text("")
    (lab / "test.py").write_text("")
    settings = Settings(home=home)
    for check in check_all(settings, port=port, folder=lab):
        if check.message.code == "shadow":
            subprocess.run(check.message.text("en").fix, shell=True, check=True, cwd=lab)
    assert sorted(path.name for path in lab.iterdir()) == [
        "my_fastapi.py",
        "my_lab.py",
        "my_random.py",
        "test.py",
    ]
    assert failed_checks(home, lab, port) == {}


def test_damaged_file_of_an_own_model_is_named(home: Path, lab: Path, port: int) -> None:
    folder = own_model(home, bytes=12)
    failed = failed_checks(home, lab, port)
    assert list(failed) == ["damaged_own"]
    assert str(folder / "fruits.weights") in failed["damaged_own"]


def test_damaged_published_file_suggests_fetching_it(home: Path, lab: Path, port: int) -> None:
    folder = home / "models" / "yolov3"
    folder.mkdir(parents=True)
    (folder / "yolov3.weights").write_bytes(b"<html>403</html>")
    failed = failed_checks(home, lab, port)
    assert list(failed) == ["damaged_published"]
    assert failed["damaged_published"].endswith("countlab fetch yolov3")


def test_missing_files_and_unreadable_folders_are_reported(
    home: Path, lab: Path, port: int
) -> None:
    (own_model(home) / "fruits.weights").unlink()
    (home / "models" / "broken").mkdir()
    (home / "models" / "broken" / "model.toml").write_text("name =")
    assert set(failed_checks(home, lab, port)) == {"model_not_here", "bad_model_folder"}


def test_unknown_default_model_is_reported(home: Path, lab: Path, port: int) -> None:
    assert "unknown_model" in failed_checks(home, lab, port, default_model="nothing")


def test_unwritable_home_is_reported(tmp_path: Path, lab: Path, port: int) -> None:
    (tmp_path / "home").write_text("a file")
    failed = failed_checks(tmp_path / "home", lab, port)
    assert list(failed) == ["not_writable"]


def test_port_used_by_another_program_is_reported(home: Path, lab: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        failed = failed_checks(home, lab, taken.getsockname()[1])
    assert list(failed) == ["port_taken"]


def test_countlab_server_on_the_port_is_accepted(home: Path, lab: Path, server: Server) -> None:
    assert failed_checks(home, lab, server.port) == {}


def test_python_older_than_3_10_is_reported() -> None:
    assert not doctor._check_python((3, 9, 18)).passed
    assert doctor._check_python((3, 10, 0)).passed


@pytest.mark.parametrize(("has_problem", "status", "mark"), [(False, 0, "✓"), (True, 1, "✗")])
def test_command_marks_failed_checks_and_sets_the_exit_status(
    lab: Path,
    port: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    has_problem: bool,
    status: int,
    mark: str,
) -> None:
    monkeypatch.chdir(lab)
    monkeypatch.setenv("LC_ALL", "C")
    if has_problem:
        (lab / "requests.py").write_text("")
    with pytest.raises(SystemExit) as end:
        main(["doctor", "--port", str(port)])
    out = capsys.readouterr().out
    assert end.value.code == status
    assert {line[0] for line in out.splitlines()} - {" "} == {"✓", mark}
    assert (f"  → mv '{lab / 'requests.py'}' my_requests.py" in out) == has_problem
