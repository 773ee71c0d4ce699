"""The sandbox: what a stranger's code cannot reach, and that it ends when it should."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from countlab.grading.sandbox.bubblewrap import bubblewrap
from countlab.grading.sandbox.notebook_run import Limits, NotebookRun
from countlab.grading.sandbox.sandbox import Sandbox
from countlab.grading.sandbox.tunnel import Tunnel
from countlab.grading.sandbox.watch import tree
from tests.conftest import until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        bubblewrap() is None, reason="needs bubblewrap (apt-get install bubblewrap)"
    ),
]
LIMITS = Limits(cell_s=4, notebook_s=60, memory_mb=700, file_mb=20, output_bytes=100_000)
SERVER = """
import http.server, threading
class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"from inside")
    def log_message(self, *_): pass
web = http.server.ThreadingHTTPServer(("127.0.0.1", 8000), Answers)
threading.Thread(target=web.serve_forever, daemon=True).start()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("submission")
    (found / "mine.txt").write_text("mine")
    return found


@pytest.fixture(scope="module")
def box(folder: Path) -> Iterator[Sandbox]:
    with Sandbox(folder, limits=LIMITS) as opened:
        yield opened


def run(box: Sandbox, *cells: str, serves: bool = False) -> list[str]:
    """Each cell's status and text."""
    result: NotebookRun = box.run("server", list(enumerate(cells)), serves=serves)
    assert result.done.wait(60)
    found = [result.cells[number] for number in sorted(result.cells)]
    return [f"{cell['status']} {cell['text']}{cell.get('error', '')}" for cell in found]


def _greet(listening: socket.socket) -> None:
    with listening.accept()[0] as connected:
        connected.sendall(b"from outside")


def test_the_students_files_are_there_and_nobody_elses(box: Sandbox, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("hidden")
    own, outside, listing, processes, user = run(
        box,
        "print(open('mine.txt').read())",
        f"print(open({str(secret)!r}).read())",
        "import os; print(os.listdir('/'), os.listdir('/tmp'), os.path.exists('/etc/shadow'))",
        "print(len([p for p in os.listdir('/proc') if p.isdigit()]))",
        "print(os.getuid())",
    )
    assert own == "ok mine\n"
    assert outside.startswith("error")
    assert "FileNotFoundError" in outside
    assert "var" not in listing
    assert listing.rstrip().endswith("False")
    assert int(processes.split()[1]) < 10
    assert user != "ok 0\n"


def test_nothing_outside_can_be_written_and_files_are_bounded(box: Sandbox) -> None:
    package, system, huge, fills = run(
        box,
        "import countlab; open(countlab.__file__, 'a').write('x')",
        "open('/usr/x', 'w')",
        "open('huge', 'wb').write(bytes(30_000_000))",
        "for n in range(40): open(f'part{n}', 'wb').write(bytes(15_000_000))",
    )
    for refused in (package, system, huge, fills):
        assert refused.startswith("error"), refused
    assert "No space left" in fills
    run(box, "import pathlib\nfor p in pathlib.Path().glob('part*'): p.unlink()")


def test_there_is_no_network_but_its_own(box: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        own_machine, internet, names = run(
            box,
            f"import socket; socket.create_connection(('127.0.0.1', {port}), timeout=2)",
            "socket.create_connection(('192.0.2.1', 80), timeout=2)",
            "socket.gethostbyname('example.org')",
        )
    assert "ConnectionRefusedError" in own_machine
    assert "unreachable" in internet
    assert "gaierror" in names


def test_a_server_inside_is_asked_from_outside_and_one_outside_from_inside(box: Sandbox) -> None:
    assert run(box, SERVER) == ["ok "]
    assert 8000 in box.ports()
    assert Tunnel(box, 8000).ask("GET", "/").body == b"from inside"
    assert Tunnel(box, 8001).ask("GET", "/").failure == "no_answer"
    with box.listen(9000) as outside:
        thread = threading.Thread(target=_greet, args=(outside,))
        thread.start()
        [said] = run(
            box, "import socket; print(socket.create_connection(('127.0.0.1', 9000)).recv(99))"
        )
        thread.join()
    assert said == "ok b'from outside'\n"


def test_cells_that_hang_or_print_without_end_fail_alone(box: Sandbox) -> None:
    hangs, prints, works = run(
        box,
        "while True: pass",
        "while True: print('x' * 1000)",
        "print('still here')",
    )
    assert hangs.startswith("timeout")
    assert prints.startswith("output")
    assert len(prints) < 10_000
    assert works == "ok still here\n"


def test_a_student_cannot_end_or_look_into_what_drives_the_kernel(box: Sandbox) -> None:
    kills, looks, works = run(
        box,
        "import os, signal\nfor pid in (1, 2, os.getppid()):\n"
        "    try: os.kill(pid, signal.SIGKILL)\n    except PermissionError: print('refused')",
        "print(os.listdir(f'/proc/{os.getppid()}/fd'))",
        "print('still here')",
    )
    assert kills.count("refused") == 3
    assert "PermissionError" in looks
    assert works == "ok still here\n"


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("hoard = []\nwhile True: hoard.append(b'x' * 20_000_000)", "memory"),
        ("import os\nwhile True: os.fork()", "processes"),
    ],
)
def test_too_much_memory_and_too_many_processes_end_the_sandbox(
    cell: str, reason: str, folder: Path
) -> None:
    with Sandbox(folder, limits=LIMITS, place=1) as box:
        result = box.run("server", [(0, cell)])
        assert result.done.wait(60)
        assert box.ended_because in (reason, "ended") or result.cells[0]["status"] != "ok"
        if reason == "processes":  # the watch looks now and then; what the system refused is gone
            until(lambda: not box.alive or len(tree(box.watch.pid)) < 60)
    assert not box.alive


def test_a_blocking_servers_cell_is_noticed_and_what_follows_waits(folder: Path) -> None:
    blocking = SERVER.replace(
        "threading.Thread(target=web.serve_forever, daemon=True).start()", "web.serve_forever()"
    )
    with Sandbox(folder, limits=Limits(cell_s=30), place=1) as box:
        assert [each.split()[0] for each in run(box, blocking, "1", serves=True)] == ["serving"]
        assert Tunnel(box, 8000).ask("GET", "/").body == b"from inside"


def test_without_bubblewrap_limits_hold_and_the_network_is_said_to_be_open(folder: Path) -> None:
    with Sandbox(folder, limits=LIMITS, protected=False) as box:
        assert not box.enclosure.private
        huge, home = run(
            box,
            "open('huge', 'wb').write(bytes(30_000_000))",
            "import os; print(os.environ['HOME'])",
        )
        assert huge.startswith("error")
        assert str(Path.home()) != home.split()[1]
