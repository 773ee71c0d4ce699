"""The program of the processes in `limited_process`: a template, and the workers it forks."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import gc
import json
import mmap
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

from countlab.system.limited_template import HEAD, KEPT_UP_TO, WINDOW, receive, receive_descriptor

Job = Callable[[dict[str, Any], bytearray], "tuple[dict[str, Any], memoryview | None]"]
"""Takes a document and data; gives a document, and bytes that are handed over as memory."""
_PR_SET_PDEATHSIG = 1
_NICE = 10
_ENDING_S = 1.0
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # from glibc's malloc.h
_NO_MEMORY = {"error": "too_much_memory", "again": False}


def main() -> None:
    control = socket.socket(fileno=int(sys.argv[1]))
    module, _, name = sys.argv[2].partition(":")
    work = import_module(module)
    job: Job = getattr(work, name)
    work.prepare()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    gc.collect()
    gc.freeze()  # the workers share these pages as long as nobody writes to them
    _keep_pages()
    control.send(b"+")
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 64, 1)
        if not message:
            os._exit(0)
        if message == b"fork":
            pid = os.fork()
            if pid == 0:
                control.close()
                _work(job, socket.socket(fileno=descriptors[0]))
            os.close(descriptors[0])
            control.send(b"%d" % pid)
        else:
            how, number = message.split()
            control.send(b"%d" % _end(int(number), wait_s=_ENDING_S if how == b"reap" else 0.0))


def _end(pid: int, *, wait_s: float) -> int:
    """The signal that had ended the process before this kills it; 0 if there was none.

    A connection closes a moment before its process has ended, so that is waited for.
    """
    end = time.monotonic() + wait_s
    ended, status = os.waitpid(pid, os.WNOHANG)
    while not ended and time.monotonic() < end:
        time.sleep(0.001)
        ended, status = os.waitpid(pid, os.WNOHANG)
    if not ended:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        return 0
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def _work(job: Job, connection: socket.socket) -> None:
    """One job after another, until the connection closes."""
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    window = mmap.mmap(receive_descriptor(connection), WINDOW)
    try:
        while True:
            head = receive(connection, HEAD)
            text, length = int.from_bytes(head[:8], "big"), int.from_bytes(head[8:], "big")
            document, memory, processor_s, in_window = json.loads(receive(connection, text))
            if memory > KEPT_UP_TO:  # its only job, and a long one: others go first
                os.nice(_NICE)
            _limit(memory, processor_s)
            shared = -1
            try:
                data = bytearray(memoryview(window)[:in_window]) or receive(connection, length)
                answer, result = job(document, data)
                del data
                if result is not None:
                    answer["bytes"] = result.nbytes
                    if result.nbytes <= WINDOW:
                        window[: result.nbytes] = result
                    else:
                        shared = _in_memory_file(result)
                del result
            except (MemoryError, OSError) as reason:
                if isinstance(reason, OSError) and reason.errno != errno.ENOMEM:
                    raise
                answer, shared = _NO_MEMORY, -1
            _unlimit()
            _answer(connection, answer, shared)
    except (EOFError, OSError):
        pass  # the other side has closed
    finally:
        os._exit(0)


def _answer(connection: socket.socket, answer: dict[str, Any], shared: int) -> None:
    text = json.dumps(answer).encode()
    message = len(text).to_bytes(8, "big")
    if shared < 0:
        connection.sendall(message + text)
        return
    socket.send_fds(connection, [message], [shared])
    os.close(shared)
    connection.sendall(text)


def _in_memory_file(data: memoryview) -> int:
    """A file in memory with these bytes, which the other side maps into its own."""
    descriptor = os.memfd_create("countlab")
    os.ftruncate(descriptor, data.nbytes)
    with mmap.mmap(descriptor, data.nbytes) as memory:
        memory[:] = data
    return descriptor


def _limit(memory: int, processor_s: int) -> None:
    with open("/proc/self/statm", "rb") as file:  # noqa: PTH123 - as little work as possible
        pages = int(file.read().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * mmap.PAGESIZE + memory, resource.RLIM_INFINITY))
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used_s = int(usage.ru_utime + usage.ru_stime) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (used_s + processor_s, resource.RLIM_INFINITY))


def _keep_pages() -> None:
    """Pages of one picture are kept for the next: asking for new ones costs milliseconds."""
    libc = ctypes.CDLL(None)
    with contextlib.suppress(AttributeError):  # musl has no mallopt
        libc.mallopt(_M_MMAP_THRESHOLD, 16_000_000)
        libc.mallopt(_M_TRIM_THRESHOLD, 32_000_000)


def _unlimit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main()
