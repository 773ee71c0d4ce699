"""Names that students give to parameters, routes and fruits, in English and Spanish."""

from __future__ import annotations

CONFIDENCE = (
    "confidence", "conf", "confianza", "threshold", "umbral", "thresh", "score", "certeza",
    "seguridad", "prob", "nivel", "level", "min_conf",
)  # fmt: skip
MODEL = ("model", "modelo", "network", "red")
OBJECT = (
    "object", "objeto", "obj", "label", "etiqueta", "class", "clase", "item", "fruit", "fruta",
    "kind", "tipo", "categor", "name", "nombre",
)  # fmt: skip
COUNTS = ("count", "cont", "cuent", "cuant", "numero", "number", "howmany", "how_many", "total")
PREDICTS = ("predict", "predic", "detect", "annotat", "anot", "draw", "dibuj")
NAMES_OF = {
    "orange": ("orange", "naranja"),
    "apple": ("apple", "manzana"),
    "banana": ("banana", "platano", "plátano", "banano"),
    "lemon": ("lemon", "limon", "limón"),
}
