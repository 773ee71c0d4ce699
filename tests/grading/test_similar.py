"""Code that is nearly the same is found after renaming and reordering; what all have is not."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from countlab.grading.submissions.similarity import shape_of, similar_pairs, write_page
from tests.grading.submissions import ALL, ROOT, Student, build

_OWN = """
@app.post("/countObjects")
def count_objects(
    model: Model, fruit: str = "orange", limit: float = 0.5, file: UploadFile = File(...)
):
    picture = read_image(file)
    everything = cv.detect_common_objects(picture, confidence=limit, model=model.value)
    total = 0
    for box, name, score in zip(*everything):
        width, height = box[2] - box[0], box[3] - box[1]
        if name == fruit and width > 0 and height > 0:
            total = total + 1
    if total == 0:
        print("nothing of", fruit, "in a picture of", picture.shape)
    return {"fruit": fruit, "count": total, "limit": limit}
"""
_RENAMED = """
# my own work
@app.post("/cuantosHay")
def cuantos(
    modelo: Model, cosa: str = "naranja", umbral: float = 0.4, file: UploadFile = File(...)
):
    foto = read_image(file)
    hallazgos = cv.detect_common_objects(foto, model=modelo.value, confidence=umbral)
    n = 0
    for caja, etiqueta, seguridad in zip(*hallazgos):
        ancho, alto = caja[2] - caja[0], caja[3] - caja[1]
        if etiqueta == cosa and ancho > 0 and alto > 0:
            n = n + 1
    if n == 0:
        print("no hay", cosa, "en", foto.shape)
    return {"cosa": cosa, "cantidad": n, "umbral": umbral}
"""


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("a = b + 1", "x = y + 7", True),
        ("def f(x):\n a = 1\n b(x)", "def g(y):\n c(y)\n d = 2", True),
        ("f(a=1, b=g(2))", "h(z=k(2), y=1)", True),
        ("a = b + 1", "a = b - 1", False),
        ("for x in y: a(x)", "while y: a(x)", False),
    ],
)
def test_shapes(one: str, other: str, same: bool) -> None:
    assert (shape_of(ast.parse(one)) == shape_of(ast.parse(other))) is same


def test_a_renamed_copy_is_found_and_independent_work_is_not(tmp_path: Path) -> None:
    students = [
        Student("first", (1, 1, 1, 1), server={"count": _OWN}),
        Student("copied", (1, 1, 1, 1), server={"count": _RENAMED}),
        *(each for each in ALL if each.name in ("right_other_names", "right_async", "starter")),
        *(each for each in ALL if each.name in ("replies_with_constants", "empty_zip")),
    ]
    found = {student.name: build(student, tmp_path) for student in students}
    pairs = similar_pairs(found, ROOT / "assignment")
    assert {pairs[0].first, pairs[0].second} == {"first", "copied"}
    assert pairs[0].share > 0.9
    assert "total = total + 1" in str(pairs[0].pieces)
    assert "n = n + 1" in str(pairs[0].pieces)
    assert not [pair for pair in pairs if "right_other_names" in (pair.first, pair.second)]
    write_page(pairs, tmp_path / "similar.html", "es")
    assert "Código casi igual" in (tmp_path / "similar.html").read_text(encoding="utf-8")
