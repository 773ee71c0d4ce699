"""Invented brands, products and the small print of packages, in Spanish as shops in the region."""

from __future__ import annotations

import numpy as np

_STARTS = ("Al", "Bri", "Cam", "Del", "Es", "Flo", "Gra", "Hue", "Lu", "Mar", "Ne", "Olí",
           "Pra", "Qui", "Ro", "Sie", "Tam", "Va", "Yer", "Zam", "Kro", "Pum", "Tri", "Nu",
           "Mo")  # fmt: skip
_MIDDLES = ("", "", "ba", "ri", "ta", "ne", "lo", "ma", "si", "du", "ve", "ja")
_ENDS = ("nola", "riz", "vel", "mia", "dero", "llar", "quín", "tina", "sol", "bel", "ña", "zú",
         "ditas", "kis", "fresca", "monte", "rico", "pan", "milk", "yo")  # fmt: skip

PRODUCTS = {
    "cookies": ("GALLETITAS", "Galletas rellenas", "Cookies con chips", "Galletas de avena"),
    "rings": ("CEREAL DE MIEL", "Aritos de maíz", "Anillos frutados", "Cereal infantil"),
    "chips": ("PAPAS FRITAS", "Papas onduladas", "Snack de maíz", "Nachos"),
    "fruit": ("MERMELADA", "Néctar de durazno", "Jugo de naranja", "Fruta en almíbar"),
    "chocolate": ("CHOCOLATE", "Chocolate con leche", "Cacao en polvo", "Alfajores"),
    "grains": ("ARROZ", "Lentejas", "Garbanzos", "Porotos negros", "Café molido"),
    "milk": ("LECHE ENTERA", "Yogur bebible", "Dulce de leche", "Crema de leche", "Queso untable"),
    "sauce": ("SALSA DE TOMATE", "Mayonesa", "Kétchup", "Atún al natural", "Sopa crema"),
}
CLAIMS = ("FUENTE DE FIBRA", "SIN TACC", "RECETA CASERA", "NUEVO", "+ CREMOSO", "SABOR ORIGINAL",
          "0% GRASAS TRANS", "CON VITAMINAS A y D", "HORNEADO", "EDICIÓN LIMITADA",
          "IDEAL PARA COMPARTIR", "100% NATURAL", "FAMILIAR", "LIGHT", "CROCANTE")  # fmt: skip
_PRINT = (
    "Ingredientes: harina de trigo, azúcar, aceite vegetal, almidón de maíz, sal, leudantes, "
    "aromatizante. Contiene derivados de trigo y leche. Puede contener maní, soja y huevo. "
    "Conservar en lugar fresco y seco. Una vez abierto consumir antes de siete días. "
    "Elaborado y envasado en planta habilitada. Registro de producto en trámite."
)


def brand_name(random: np.random.Generator) -> str:
    """A name that no shop sells."""
    parts = (_STARTS, _MIDDLES, _ENDS)
    name = "".join(p[random.integers(len(p))] for p in parts)
    return name.upper() if random.random() < 0.3 else name


def product(random: np.random.Generator) -> tuple[str, str]:
    """What is drawn on the package, and what it is called."""
    food = tuple(PRODUCTS)[random.integers(len(PRODUCTS))]
    names = PRODUCTS[food]
    return food, names[random.integers(len(names))]


def net_weight(food: str, random: np.random.Generator) -> str:
    unit = "ml" if food in ("milk",) else "g"
    number = int(random.choice([90, 118, 150, 200, 240, 350, 400, 500, 750]))
    return f"{random.choice(['CONT. NETO', 'PESO NETO', 'Cont. Neto'])} {number} {unit}"


def small_print(random: np.random.Generator, columns: int, lines: int) -> list[str]:
    start = int(random.integers(0, 60))
    text = (_PRINT + " " + _PRINT)[start:]
    return [text[at * columns : (at + 1) * columns] for at in range(lines)]
