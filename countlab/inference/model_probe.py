"""A first opening of model files in a process of its own: what crashes there harms nobody.

A graph or a cfg can make the library that reads it end the process. Files from the models folder
are opened and run once here, within limits of memory and processor time, before a server opens
them itself.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from countlab.errors import CountlabError
from countlab.models.catalog import Model

_TIMEOUT_S = 120.0
_MEMORY = 4_000_000_000  # address space, of which engines reserve far more than they use
_MEMORY_PER_BYTE = 8
_FINE = b"fine"


def probe_model(
    engine: str, model: Model, files: Mapping[str, Path], *, checks: bool = False
) -> None:
    """Returns when the files can be opened and run; else says what they do.

    With `checks` the pictures that were kept with a version must be answered as then.
    """
    task = pickle.dumps((engine, model, dict(files), checks))
    try:
        done = subprocess.run(
            [sys.executable, "-m", __name__],
            input=task,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_TIMEOUT_S,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            check=False,
        )
    except subprocess.TimeoutExpired as reason:
        raise _damaged(model, "model_never_opens", seconds=round(_TIMEOUT_S)) from reason
    if done.stdout == _FINE:
        return
    if done.stdout:
        raise pickle.loads(done.stdout)  # our own process wrote it
    ending = -done.returncode
    name = signal.Signals(ending).name if ending in signal.valid_signals() else str(done.returncode)
    raise _damaged(model, "model_crashes", ending=name)


def _damaged(model: Model, code: str, **facts: object) -> CountlabError:
    return CountlabError("model_damaged", model=model.name, reason=CountlabError(code, **facts))


def main() -> None:
    """The process: opens what it is told of and looks at a gray picture."""
    output = os.dup(1)
    os.dup2(2, 1)  # libraries print
    engine, model, files, checks = pickle.loads(sys.stdin.buffer.read())
    _limit(sum(path.stat().st_size for path in files.values()))
    try:
        _open_and_run(engine, model, files, checks)
        answer = _FINE
    except CountlabError as error:
        answer = pickle.dumps(error)
    except MemoryError:
        answer = pickle.dumps(_damaged(model, "model_takes_too_much"))
    except Exception as reason:  # engines raise classes of their own
        text = (str(reason).strip().splitlines() or [type(reason).__name__])[-1][:200]
        answer = pickle.dumps(CountlabError("model_damaged", model=model.name, reason=text))
    os.write(output, answer)
    os._exit(0)


def _limit(size: int) -> None:
    if sys.platform == "linux":
        import resource

        memory = _MEMORY + _MEMORY_PER_BYTE * size
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        seconds = round(_TIMEOUT_S)
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))


def _open_and_run(engine: str, model: Model, files: Mapping[str, Path], checks: bool) -> None:
    import numpy as np

    from countlab.inference.predictor import Predictor
    from countlab.inference.version_check import check_answers

    predictor = Predictor(engine, model, files)
    width, height = predictor.input_size
    gray = np.full((height, width, 3), 128, np.uint8)
    predictor.find(gray, confidence=0.5, nms=model.nms)
    if checks:
        check_answers(predictor, model, model.folder)


if __name__ == "__main__":
    main()
