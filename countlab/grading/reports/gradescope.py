"""Gradescope: the ZIP that it runs as an autograder, and the results as it reads them.

Gradescope gives each submission a container of its own, which is the sandbox there; bubblewrap is
used inside it where the container allows that.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import countlab
from countlab.errors import CountlabError
from countlab.grading.result import Result
from countlab.grading.rubric import QuestionResult, read_rubric
from countlab.messages import Language

_SETUP = """#!/usr/bin/env bash
# Runs once, when Gradescope builds the autograder's image.
set -euo pipefail
apt-get update -qq
apt-get install -y -qq python3 python3-venv bubblewrap
python3 -m venv /opt/countlab
/opt/countlab/bin/pip install --quiet -c /autograder/source/constraints.txt \\
    "/autograder/source[all]" || /opt/countlab/bin/pip install --quiet /autograder/source
"""
_RUN = """#!/usr/bin/env bash
# Runs for each submission; what it writes is read from /autograder/results/results.json.
set -uo pipefail
mkdir -p /autograder/results
protect="--unprotected"
if bwrap --unshare-all --ro-bind / / true 2>/dev/null; then protect=""; fi
cd /autograder/source
/opt/countlab/bin/countlab grade /autograder/submission --out /tmp/grades --jobs 1 $protect \\
    --pictures /autograder/source/images $CONFIG --results-json /autograder/results/results.json
if [ ! -s /autograder/results/results.json ]; then
    echo '{"score": 0, "output": "The autograder did not come to an end.", "tests": []}' \\
        > /autograder/results/results.json
fi
"""
_LEFT_OUT = {"__pycache__", ".pytest_cache"}
_ROOT_FILES = ("pyproject.toml", "requirements.txt", "constraints.txt", "README.md", "LICENSE")


def results_json(result: Result, language: Language | None = None) -> dict[str, Any]:
    """Gradescope's results.json: a test for each check, a hidden one for what a person marks."""
    language = language or result.language
    tests = [test for question in result.questions for test in _tests(question, language)]
    said = [" ".join(remark.text(language)) for remark in result.remarks]
    return {
        "score": round(result.points, 3),
        "output": "\n".join(dict.fromkeys(said)),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "execution_time": round(result.seconds),
        "tests": tests,
    }


def write_results(path: Path, result: Result) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(results_json(result), ensure_ascii=False, indent=1)
    path.write_text(text, encoding="utf-8")


def _tests(result: QuestionResult, language: Language) -> list[dict[str, Any]]:
    question = read_rubric().question(result.id)
    title = question.title[language]
    if question.by_person:
        return [
            {
                "name": f"{result.id} · {title}",
                "number": result.id,
                "score": round(result.points or 0, 3),
                "max_score": result.of,
                "output": "\n".join(filter(None, (result.comment, ", ".join(result.missing)))),
                "visibility": "visible",
            }
        ]
    shares = {check.id: (check.share, check.title[language]) for check in question.checks}
    return [
        {
            "name": shares[verdict.check][1],
            "number": f"{result.id}.{number}",
            "score": round(result.of * shares[verdict.check][0] * verdict.credit, 4),
            "max_score": round(result.of * shares[verdict.check][0], 4),
            "status": "passed" if verdict.credit == 1 else "failed",
            "output": " ".join(verdict.text(language)).strip(),
            "visibility": "visible",
        }
        for number, verdict in enumerate(result.verdicts, start=1)
    ]


def write_autograder(path: Path, pictures: Path, config: Path | None) -> Path:
    """setup.sh, run_autograder, this package as it is, the pictures and the assignment."""
    package = Path(countlab.__file__).parent
    root = package.parent
    if not (root / "pyproject.toml").is_file():
        raise CountlabError("no_such_file", path=root / "pyproject.toml")
    run = _RUN.replace("$CONFIG", "--config /autograder/source/grading.toml" if config else "")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (("setup.sh", _SETUP), ("run_autograder", run)):
            entry = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            entry.external_attr = 0o755 << 16
            archive.writestr(entry, text)
        for name in _ROOT_FILES:
            if (root / name).is_file():
                archive.write(root / name, name)
        _add(archive, package, "countlab")
        _add(archive, pictures, "images")
        if (root / "assignment").is_dir():
            _add(archive, root / "assignment", "assignment")
        if config is not None:
            archive.write(config, "grading.toml")
    return path


def _add(archive: zipfile.ZipFile, folder: Path, name: str) -> None:
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not _LEFT_OUT & set(file.parts):
            archive.write(file, f"{name}/{file.relative_to(folder)}")
