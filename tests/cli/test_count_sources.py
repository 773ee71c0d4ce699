"""Where pictures come from, where they are saved, and rows that appear as they are counted."""

from __future__ import annotations

import csv
import io
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from countlab.cli.picture_sources import find_sources
from countlab.inference.pipeline import Pipeline
from countlab.notebook import Server
from tests.cli.conftest import PictureServer, Start
from tests.conftest import ROOT, Run, until

unix_signals = pytest.mark.skipif(sys.platform == "win32", reason="sends Ctrl-C as Unix does")


@pytest.fixture
def tree(tmp_path: Path, photo: bytes, jpeg: bytes) -> Path:
    """A folder of folders: two pictures of one name, and one in a hidden depth."""
    for name, data in (("a/photo.jpg", photo), ("b/photo.jpg", jpeg), ("b/c/deep.JPG", jpeg)):
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path / "tree"


def rows(out: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(out)))


def test_a_folder_of_folders_is_named_as_such_with_the_option_that_helps(
    run: Run, tree: Path
) -> None:
    status, out, err = run("count", tree)
    assert (status, out) == (1, "")
    assert "holds only folders" in err
    assert f"countlab count -r {tree}" in err


def test_recursive_counts_the_pictures_of_all_folders_below(run: Run, tree: Path) -> None:
    status, out, _ = run("count", "-r", tree, "--csv")
    assert status == 0
    names = {Path(row["file"]).relative_to(tree).as_posix() for row in rows(out)}
    assert names == {"a/photo.jpg", "b/photo.jpg", "b/c/deep.JPG"}


def test_a_link_back_to_the_folder_ends(tree: Path) -> None:
    (tree / "b" / "again").symlink_to(tree)
    found, missing = find_sources([str(tree)], recursive=True, max_bytes=10**7)
    assert (len(found), missing) == (3, [])


def test_saved_pictures_keep_their_folders_and_have_boxes(
    run: Run, tree: Path, tmp_path: Path, photo: bytes
) -> None:
    status, _, err = run("count", "-r", tree, "--save", tmp_path / "out")
    saved = {path.relative_to(tmp_path / "out").as_posix(): path for path in
             (tmp_path / "out").rglob("*") if path.is_file()}  # fmt: skip
    assert status == 0
    assert set(saved) == {"a/photo.jpg", "b/photo.jpg", "b/c/deep.JPG"}
    assert saved["a/photo.jpg"].read_bytes() == Pipeline().predict(photo).drawn
    assert f"Pictures with boxes: 3, in {tmp_path / 'out'}" in err


def test_saving_never_writes_over_the_picture_or_twice_to_one_name(
    run: Run, tree: Path, photo: bytes
) -> None:
    first, second = tree / "a" / "photo.jpg", tree / "b" / "photo.jpg"
    assert run("count", first, second, "--save", tree / "a")[0] == 0
    assert first.read_bytes() == photo
    assert sorted(path.name for path in (tree / "a").iterdir()) == [
        "photo-2.jpg", "photo-3.jpg", "photo.jpg",
    ]  # fmt: skip


def test_a_saved_picture_has_the_suffix_of_its_format(run: Run, tmp_path: Path) -> None:
    picture = tmp_path / "named_wrong.jpg"
    Image.new("RGB", (64, 48), "white").save(picture, "PNG")
    run("count", picture, "--save", tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["named_wrong.png"]


def test_a_server_draws_what_is_saved_too(
    run: Run, tree: Path, tmp_path: Path, server: Server
) -> None:
    picture = tree / "a" / "photo.jpg"
    options = "count", picture, "--object", "orange", "--save"
    assert run(*options, tmp_path / "here")[0] == 0
    assert run(*options, tmp_path / "there", "--url", server.url)[0] == 0
    here, there = (tmp_path / side / "photo.jpg" for side in ("here", "there"))
    assert here.read_bytes() == there.read_bytes()


def test_a_folder_that_cannot_be_written_is_said(run: Run, tree: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    status, _, err = run("count", tree / "a", "--save", tmp_path / "file" / "out")
    assert status == 1
    assert "cannot be written" in err


@pytest.mark.parametrize("separator", ["\n", "\r\n", "\0"])
def test_standard_input_may_be_a_list_of_names(tree: Path, start: Start, separator: str) -> None:
    names = [str(tree / "a" / "photo.jpg"), str(tree / "gone.jpg"), str(tree / "b")]
    process = start("count", "-", "--csv", stdin=subprocess.PIPE)
    out, err = process.communicate(separator.join([*names, ""]), timeout=120)
    assert process.returncode == 1
    assert [row["error"] for row in rows(out) if row["file"].endswith("gone.jpg")] == [
        "no_such_file"
    ]
    assert {Path(row["file"]).parent.name for row in rows(out)} == {"a", "tree", "b"}
    assert "gone.jpg" in err


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_list_may_be_in_what_windows_shells_write(
    tree: Path, tmp_path: Path, start: Start, encoding: str
) -> None:
    names = "\r\n".join(str(tree / name) for name in ("a/photo.jpg", "b/photo.jpg"))
    (tmp_path / "list.txt").write_bytes(names.encode(encoding))
    with (tmp_path / "list.txt").open("rb") as names_file:
        process = start("count", "-", "--csv", stdin=names_file)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert len({row["file"] for row in rows(out)}) == 2


def test_a_line_that_cannot_be_counted_does_not_end_the_list(tree: Path, start: Start) -> None:
    process = start("count", "-", "--ndjson", stdin=subprocess.PIPE)
    lines = [str(tree), "x" * 5000, "gone.jpg", str(tree / "a" / "photo.jpg")]
    out, err = process.communicate("\n".join(lines), timeout=60)
    entries = [json.loads(line) for line in out.splitlines()]
    assert [entry["name"] for entry in entries] == lines
    codes = [entry.get("problem", {}).get("code") for entry in entries]
    assert codes == ["cli_only_folders", "no_such_file", "no_such_file", None]
    assert process.returncode == 1
    assert "Traceback" not in err


def test_what_never_ends_is_read_to_the_limit_alone(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTLAB_MAX_BYTES", "1000000")
    large = tmp_path / "large.jpg"
    with large.open("wb") as file:
        file.truncate(3_000_000_000)  # of holes: it takes no room
    for name, size in (("/dev/zero", "> 1"), (large, "3\u202f000\u202f000\u202f000")):
        status, _, err = run("count", name)
        assert status == 1
        assert size in err


def test_hidden_files_beside_pictures_are_left_out(tree: Path) -> None:
    (tree / "a" / "._photo.jpg").write_bytes(b"what macOS keeps of photo.jpg")
    for recursive, folder in ((False, tree / "a"), (True, tree)):
        found, _ = find_sources([str(folder)], recursive=recursive, max_bytes=10**7)
        assert not [source.name for source in found if "._" in source.name]


def test_standard_input_may_be_a_picture(start: Start) -> None:
    with (ROOT / "images" / "oranges_3.jpg").open("rb") as picture:
        process = start("count", "-", "--json", stdin=picture)
        out, _ = process.communicate(timeout=120)
    (entry,) = json.loads(out)["results"]
    assert (entry["name"], entry["result"]["count"]) == ("-", 3)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("command", [["count", "images/apples_1.jpg"], ["--help"]])
def test_a_full_disk_is_said(start: Start, command: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        process = start(*command, stdout=full)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "/dev/stdout" in err
    assert "Traceback" not in err
    assert "Exception ignored" not in err


def test_a_closed_standard_input_is_an_empty_one() -> None:
    code = "import sys; sys.stdin = None; from countlab.cli import main; main(['count', '-'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 1
    assert "Nothing came on standard input" in done.stderr


def test_a_name_that_is_empty_is_not_this_folder(run: Run) -> None:
    status, out, err = run("count", "")
    assert (status, out) == (1, "")
    assert "There is no picture at" in err


def test_an_empty_standard_input_is_said(start: Start) -> None:
    process = start("count", "-")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Nothing came on standard input." in err


def test_addresses_are_fetched_and_followed(run: Run, picture_server: PictureServer) -> None:
    addresses = f"{picture_server.url}/photo.jpg?size=1", f"{picture_server.url}/moved.jpg"
    status, out, _ = run("count", *addresses, "--csv", "--object", "orange")
    first, second = rows(out)
    assert status == 0
    assert (first["file"], second["file"]) == addresses
    assert first["count"] == second["count"] != "0"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("gone.jpg", "answered with status 404"),
        ("page.jpg", "sent a web page"),
        ("loop.jpg", "leads on and on"),
        ("disk.jpg", "leads on and on"),
        ("short.jpg", "did not send it whole"),
        ("big.jpg", "at most 25\u202f000\u202f000 are taken"),
    ],
)
def test_what_an_address_sends_instead_is_said_and_the_rest_is_counted(
    run: Run, picture_server: PictureServer, path: str, message: str
) -> None:
    addresses = f"{picture_server.url}/{path}", f"{picture_server.url}/photo.jpg"
    status, out, err = run("count", *addresses, "--csv", "--object", "orange")
    assert status == 1
    assert message in err
    assert [bool(row["error"]) for row in rows(out)] == [True, False]


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/a.jpg", f"http://{'a' * 80}.example/a.jpg",
                "http://127.0.0.1:99999/a.jpg"],
)  # fmt: skip
def test_an_address_that_nobody_answers_is_said(run: Run, address: str) -> None:
    status, _, err = run("count", address)
    assert status == 1
    assert f"{address} cannot be reached" in err


@unix_signals
@pytest.mark.parametrize("format", ["table", "csv", "json", "ndjson"])
def test_ctrl_c_leaves_what_was_counted(
    start: Start, picture_server: PictureServer, format: str
) -> None:
    slow = f"{picture_server.url}/slow.jpg"
    process = start("count", "images/oranges_3.jpg", slow, "--format", format)
    until(lambda: "/slow.jpg" in picture_server.requested, seconds=90)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Stopped after 1 of 2 pictures." in err
    assert "Traceback" not in err
    if format == "json":
        assert json.loads(out)["results"][0]["result"]["count"] == 3
    elif format == "ndjson":
        assert json.loads(out)["result"]["count"] == 3
    else:
        assert out.splitlines()[1].split(",")[0].split()[0] == "images/oranges_3.jpg"


@unix_signals
def test_rows_appear_in_a_terminal_as_they_are_counted(
    start: Start, picture_server: PictureServer
) -> None:
    """A pseudo-terminal: the first row is there while the second picture is still on its way."""
    import os
    import pty

    terminal, side = pty.openpty()
    names = "images/oranges_3.jpg", f"{picture_server.url}/slow.jpg"
    process = start("count", *names, stdout=side, stderr=side)
    os.close(side)
    seen = b""
    while b"3 orange" not in seen:
        seen += os.read(terminal, 4096)
    assert b"slow.jpg" not in seen
    picture_server.go_on.set()
    rest = b""
    try:
        while piece := os.read(terminal, 4096):
            rest += piece
    except OSError:  # how Linux says that the other side has left
        pass
    os.close(terminal)
    assert process.wait(30) == 0
    assert b"slow.jpg" in rest
    assert b"in 2 pictures" in rest


@unix_signals
def test_a_reader_that_has_seen_enough_ends_the_count_quietly(start: Start) -> None:
    process = start("count", "images", "--ndjson")
    assert process.stdout
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr
    err = process.stderr.read()
    assert process.wait(60) == 1
    assert "Traceback" not in err
    assert "BrokenPipe" not in err
