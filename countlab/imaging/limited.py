"""Decoding of pictures that strangers send: within memory and time that the system bounds.

Plain JPEGs are decoded here: one pass over their blocks, no metadata, a size that is known; what
that costs cannot be made larger. Everything else is decoded in a process of its own.
"""

from __future__ import annotations

import signal
import sys
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import cache
from typing import Any

import cv2
import numpy as np
from PIL import AvifImagePlugin

from countlab.errors import CountlabError
from countlab.findings import CountWarning
from countlab.imaging.decoding import decode
from countlab.imaging.headers import Header, read_header
from countlab.imaging.picture import FORMATS, Picture, check_picture, write_picture
from countlab.system.cpu import cores, give_way
from countlab.system.deadline import check_deadline
from countlab.system.limited_process import LimitedProcesses, Limits, Result, WorkerEnded
from countlab.system.memory_budget import MemoryBudget

_BASE_MEMORY = 40_000_000
_MEMORY_PER_PIXEL = 9
"""Of the widest formats: a decoder's own picture, the one made of it, and a copy turned upright."""
_MEMORY_PER_PIXEL_OF_INKS = 15
"""Of a JPEG of four inks in steps, whose blocks are all held until the last step."""
_COPIES_OF_FILE = 3
"""As it arrived, as the decoder takes it, and what the decoder keeps of it meanwhile."""
_PLAIN_MEMORY_PER_PIXEL = 7
"""The pixels, a copy with boxes, and the encoded picture."""
_LARGE_PIXELS = 10_000_000
_BASE_PROCESSOR_S = 3
_PIXELS_PER_PROCESSOR_S = 8_000_000
_PROCESSES_AVAILABLE = sys.platform == "linux"


class LimitedReader:
    """Reads pictures as `read_picture` does, each within limits, large ones in turn."""

    def __init__(self, *, max_bytes: int, max_pixels: int, memory: int) -> None:
        self._max_bytes, self._max_pixels = max_bytes, max_pixels
        self._memory, self._budget = memory, MemoryBudget(memory)

    def start(self) -> None:
        """Starts the process that others are made from, ahead of the first picture."""
        if _PROCESSES_AVAILABLE:
            _processes().start()

    def read(self, data: bytes) -> Picture:
        header = check_picture(data, max_bytes=self._max_bytes, max_pixels=self._max_pixels)
        if _memory_of_pixels(header) > self._memory:
            raise CountlabError("too_much_memory", format=header.format)
        memory = min(_memory_of_pixels(header) + _memory_of_file(header), self._memory)
        claim = self._budget.claim(memory)
        try:
            if header.plain or not _PROCESSES_AVAILABLE:
                picture = _decode_here(header)
            else:
                picture = _decode_in_process(header, memory)
        except BaseException:
            claim.release()
            raise
        weakref.finalize(picture, claim.release)
        return picture


def _memory_of_pixels(header: Header) -> int:
    if header.plain:
        return header.pixels * _PLAIN_MEMORY_PER_PIXEL
    inks = header.format == "JPEG" and header.components == 4
    return _BASE_MEMORY + header.pixels * (_MEMORY_PER_PIXEL_OF_INKS if inks else _MEMORY_PER_PIXEL)


def _memory_of_file(header: Header) -> int:
    """Of its copies; an uncompressed file is as large as its pixels."""
    return 0 if header.plain else _COPIES_OF_FILE * len(header.essential)


def _decode_here(header: Header) -> Picture:
    """A large picture takes half a second: its thread lets others go first."""
    if header.pixels < _LARGE_PIXELS:
        pixels, warnings = decode(header)
    else:
        work = _patient_threads().submit(copy_context().run, decode, header)
        pixels, warnings = work.result()
    return Picture(pixels, header.format, warnings)


def _decode_in_process(header: Header, memory: int) -> Picture:
    facts = {name: value for name, value in vars(header).items() if name != "essential"}
    limits = Limits(
        memory=memory,
        processor_s=_BASE_PROCESSOR_S + header.pixels // _PIXELS_PER_PROCESSOR_S,
    )
    try:
        result = _processes().run(facts, header.essential, limits)
    except WorkerEnded as reason:
        raise _reason_of_end(header, reason.signal) from reason
    if "error" in result.document:
        raise _error(header, result.document)
    return _picture(header, result)


def _picture(header: Header, result: Result) -> Picture:
    """The pixels stay where the other process wrote them."""
    height, width = result.document["shape"]
    if result.memory is None or len(result.memory) != height * width * 3:
        raise CountlabError("broken_picture", format=header.format)
    pixels = np.frombuffer(result.memory, np.uint8).reshape(height, width, 3)
    warnings = tuple(CountWarning(code, facts) for code, facts in result.document["warnings"])
    return Picture(pixels, header.format, warnings)


def _reason_of_end(header: Header, ended_by: int) -> CountlabError:
    check_deadline()
    if ended_by in (signal.SIGXCPU, signal.SIGALRM):
        return CountlabError("too_much_work", format=header.format)
    if ended_by in (signal.SIGABRT, signal.SIGKILL):  # as C++ ends where memory is refused
        return CountlabError("too_much_memory", format=header.format)
    return CountlabError("broken_picture", format=header.format)


def _error(header: Header, document: dict[str, Any]) -> CountlabError:
    if document["error"] == "too_much_memory":
        return CountlabError("too_much_memory", format=header.format)
    return CountlabError(document["error"], **document.get("facts", {}))


def job(facts: dict[str, Any], essential: bytearray) -> tuple[dict[str, Any], memoryview | None]:
    """What a worker does: decodes one picture."""
    try:
        pixels, warnings = decode(Header(**facts, essential=bytes(essential)))
    except CountlabError as error:
        return {"error": error.code, "facts": error.facts}, None
    document = {
        "shape": pixels.shape[:2],
        "warnings": [[warning.code, warning.facts] for warning in warnings],
    }
    return document, np.ascontiguousarray(pixels).data.cast("B")


def prepare() -> None:
    """Loads what decoders load when they are first needed, so that all workers share it."""
    cv2.setNumThreads(1)
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    small = np.zeros((8, 8, 3), np.uint8)
    for format in FORMATS:
        decode(read_header(write_picture(small, format)))


@cache
def _patient_threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(cores(), "large-picture", initializer=give_way)


@cache
def _processes() -> LimitedProcesses:
    """One template for this process, however many servers it runs."""
    return LimitedProcesses(f"{__name__}:job", workers=cores() + 1)
