"""Many submissions: some at a time, each in a process of its own; what is done is kept."""

from __future__ import annotations

import hashlib
import json
import os
import queue
import secrets
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from countlab.errors import CountlabError
from countlab.grading.judging.verdict import Verdict
from countlab.grading.result import Result
from countlab.grading.rubric import read_rubric
from countlab.grading.running.worker import Job, nothing
from countlab.grading.running.worker_process import WorkerProcesses
from countlab.grading.sandbox.bubblewrap import bubblewrap
from countlab.grading.sandbox.notebook_run import Limits
from countlab.messages import Language

_SUFFIXES = {".zip", ".rar", ".7z", ".ipynb", ".gz", ".tar"}


@dataclass(frozen=True)
class Batch:
    """Where results go, and how submissions are run."""

    out: Path
    pictures: Path
    assignment: Path | None = None
    rubric: Path | None = None
    language: Language = "en"
    protected: bool = True
    jobs: int = 2
    seed: str = ""
    limits: Limits = field(default_factory=Limits)

    def result_file(self, name: str) -> Path:
        return self.out / "results" / f"{name}.json"


def find_submissions(paths: Sequence[Path]) -> dict[str, Path]:
    """Files and folders by a name; a folder of submissions stands for all in it."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir() and not list(path.glob("*.ipynb")):
            found += [each for each in sorted(path.iterdir()) if _may_be(each)]
        elif path.exists():
            found.append(path)
    named: dict[str, Path] = {}
    for path in found:
        stem = path.name if path.is_dir() else path.stem
        name = stem if stem not in named else f"{path.parent.name}-{path.name}"
        named["".join(char if char.isalnum() or char in "-_. @" else "_" for char in name)] = path
    if not named:
        raise CountlabError("grade_no_submissions", paths=[str(path) for path in paths])
    return named


def _may_be(path: Path) -> bool:
    if path.name.startswith((".", "__")):
        return False
    return path.is_dir() or path.suffix.lower() in _SUFFIXES


def grade_all(
    submissions: dict[str, Path], batch: Batch, *, again: bool = False,
    tick: Callable[[Result], None] = lambda _: None,
) -> list[Result]:  # fmt: skip
    """Every submission's result, in the order of their names."""
    if batch.protected and bubblewrap() is None:
        raise CountlabError("grade_no_bubblewrap")
    (batch.out / "results").mkdir(parents=True, exist_ok=True)
    batch = replace(batch, seed=batch.seed or _kept_seed(batch.out))
    jobs = batch.jobs if batch.protected else 1  # without a private network ports would collide
    places: queue.Queue[int] = queue.Queue()
    for place in range(jobs):
        places.put(place)

    workers = WorkerProcesses()

    def grade_next(name: str) -> Result:
        place = places.get()
        try:
            return _grade_one(name, submissions[name], batch, place, workers, again=again)
        finally:
            places.put(place)

    results: dict[str, Result] = {}
    with ThreadPoolExecutor(jobs) as pool:
        waiting = {pool.submit(grade_next, name): name for name in sorted(submissions)}
        try:
            for done in as_completed(waiting):
                results[waiting[done]] = done.result()
                tick(results[waiting[done]])
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            workers.stop()
            raise
    return [results[name] for name in sorted(results)]


def _grade_one(
    name: str, path: Path, batch: Batch, place: int, workers: WorkerProcesses, *, again: bool
) -> Result:
    """From what is kept, where the submission, the seed and the rubric are the same."""
    kept, key_file = batch.result_file(name), batch.out / "results" / f"{name}.key"
    key = _key(path, batch)
    if not again and kept.is_file() and key_file.is_file() and key_file.read_text() == key:
        return Result.from_json(json.loads(kept.read_text(encoding="utf-8")))
    kept.unlink(missing_ok=True)
    key_file.unlink(missing_ok=True)
    batch = replace(batch, limits=batch.limits.on_a_busy_machine(_load_per_core()))
    limit_s = 3 * batch.limits.sandbox_s + 120
    reason = workers.run(_job(name, path, batch, place), kept.with_suffix(".log"), limit_s)
    if kept.is_file():
        key_file.write_text(key)
        return Result.from_json(json.loads(kept.read_text(encoding="utf-8")))
    # Not kept as done: the next run tries again.
    remark = Verdict("", 0, "grade_worker_died", {"reason": reason})
    result = nothing(name, read_rubric(batch.rubric), remark, batch.language)
    if not workers.stopped:
        kept.write_text(json.dumps(result.as_json(), ensure_ascii=False), encoding="utf-8")
    return result


def _job(name: str, path: Path, batch: Batch, place: int) -> Job:
    return Job(
        path=str(path.resolve()),
        name=name,
        seed=batch.seed,
        pictures=str(batch.pictures.resolve()),
        assignment=str(batch.assignment.resolve()) if batch.assignment else "",
        language=batch.language,
        protected=batch.protected,
        place=place,
        limits=asdict(batch.limits),
        output=str(batch.result_file(name).resolve()),
        rubric=str(batch.rubric.resolve()) if batch.rubric else "",
    )


def _load_per_core() -> float:
    try:
        return os.getloadavg()[0] / (os.cpu_count() or 1)
    except (OSError, AttributeError):
        return 1.0


def _key(path: Path, batch: Batch) -> str:
    """Changes with the submission's bytes, the seed and the rubric."""
    digest = hashlib.sha256(f"{batch.seed} {read_rubric(batch.rubric)}".encode())
    for file in _files(path):
        digest.update(str(file).encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    else:
        yield from (each for each in sorted(path.rglob("*")) if each.is_file())


def _kept_seed(out: Path) -> str:
    """The secret behind the hidden pictures: made once for a folder of results."""
    path = out / "seed.txt"
    if not path.is_file():
        path.write_text(secrets.token_hex(16) + "\n", encoding="ascii")
        path.chmod(0o600)
    return path.read_text(encoding="ascii").strip()
