"""Fuzzes a parser of ours: `python -m fuzz [TARGET …] --seconds 60`.

Starts from the corpus, changes bytes as files are broken and forged, and keeps in `fuzz/found/`
whatever raises an error that is not ours, or takes more than two seconds of processor time.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import resource
import sys
import time
import traceback
from pathlib import Path

from fuzz.targets import TARGETS

HERE = Path(__file__).parent
_TOO_LONG_S = 2.0
_MEMORY = 3_000_000_000
_NUMBERS = [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\1", b"\xff\xff", b"\1\0"]
_WORDS = [b"inf", b"nan", b"-1", b"1e400", b"0", b"[", b"]", b'"', b"{", b"9" * 40, b"\n", b"="]


def corpus(target: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted((HERE / "corpus" / target).iterdir())]


def mutated(data: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """One to eight changes: most of them near the start, where headers are."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        reach = min(len(changed), chance.choice([64, 700, len(changed)]))
        at, length = chance.randrange(reach + 1), chance.randint(1, 64)
        kind = chance.randrange(7)
        if kind == 0:
            changed[at : at + 1] = bytes([chance.randrange(256)])
        elif kind == 1:
            insert = chance.choice(_NUMBERS + _WORDS)
            changed[at : at + len(insert)] = insert
        elif kind == 2:
            changed[at:at] = chance.choice(_WORDS)
        elif kind == 3:
            del changed[at : at + length]
        elif kind == 4:
            changed[at:at] = changed[at : at + length] * chance.randint(1, 20)
        elif kind == 5:
            other = chance.choice(others)
            start = chance.randrange(len(other) + 1)
            changed[at : at + length] = other[start : start + length]
        else:
            del changed[at + length * 4 :]
    return bytes(changed)


def fuzz(target: str, seconds: float, seed: int) -> int:
    """How many inputs were found that must not be."""
    known, chance = corpus(target), random.Random(seed)
    found, tried, end = 0, 0, time.monotonic() + seconds
    for data in known:
        found += _try(target, data)
    while time.monotonic() < end:
        tried += 1
        found += _try(target, mutated(chance.choice(known), known, chance))
    print(f"{target}: {tried} inputs, {found} found", flush=True)
    return found


def _try(target: str, data: bytes) -> int:
    start = time.process_time()  # what else the machine does is no find
    try:
        TARGETS[target](data)
    except Exception:
        return _keep(target, data, traceback.format_exc())
    seconds = time.process_time() - start
    return _keep(target, data, f"{seconds:.1f} s") if seconds > _TOO_LONG_S else 0


def _keep(target: str, data: bytes, reason: str) -> int:
    path = HERE / "found" / target / hashlib.sha256(data).hexdigest()[:16]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    print(f"{path}\n{reason}", file=sys.stderr)
    return 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", default=list(TARGETS))
    parser.add_argument("--seconds", type=float, default=60, help="for each target")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**9)
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    print(f"seed {options.seed}")
    found = sum(fuzz(target, options.seconds, options.seed) for target in options.targets)
    raise SystemExit(1 if found else 0)


if __name__ == "__main__":
    main()
