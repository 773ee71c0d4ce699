"""Languages of the page: English and Spanish, complete in texts, numbers and labels."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from countlab.web.strings import all_strings
from tests.conftest import ROOT
from tests.web.conftest import Open
from tests.web.test_messages import choose_file, error_text


def test_page_is_in_the_browsers_language(open_page: Open, tmp_path: Path) -> None:
    page = open_page(locale="es-MX")
    expect(page.get_by_role("tab")).to_have_text(["Contar", "Muchas", "Historial", "Estado"])
    assert page.locator("html").get_attribute("lang") == "es"
    (tmp_path / "nota.jpg").write_text("querido diario")
    choose_file(page, tmp_path / "nota.jpg")
    assert "Esto no es una imagen" in error_text(page)
    page.get_by_role("button", name="Ejemplo: doce naranjas").click()
    expect(page.locator("#count .description")).to_have_text("objetos con confianza 0,50")
    page.get_by_role("tab", name="Estado").click()
    expect(page.locator("#health")).to_contain_text("El servidor respondió")
    page.get_by_role("tab", name="Historial").click()
    expect(page.locator("#history [role=status]")).to_contain_text(
        re.compile("(imagen|imágenes); de media")
    )


@pytest.mark.parametrize("name", all_strings())
def test_both_languages_have_the_same_placeholders(name: str) -> None:
    texts = all_strings()[name]
    assert set(texts) == {"en", "es"}
    english, spanish = (
        set(re.findall(r"\{(\w+)(?:\|[^|}]*\|[^|}]*)?\}", texts[language]))
        for language in ("en", "es")
    )
    assert english == spanish
    for text in texts.values():
        assert text.count("{") == len(re.findall(r"\{\w+(?:\|[^|}]*\|[^|}]*)?\}", text))


def test_every_string_is_used() -> None:
    folder = ROOT / "countlab" / "web"
    files = [path for path in folder.rglob("*") if path.suffix in {".html", ".js", ".py"}]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    unused = [
        name
        for name in all_strings()
        if not re.search(rf"\${name}\b|strings\.{name}\b|strings\[[\"']{name}[\"']\]", text)
    ]
    # Named by the server's codes or the example's file.
    assert [name for name in unused if not name.startswith(("fix_", "warning_", "example_"))] == []


def test_spanish_is_complete(open_page: Open) -> None:
    page = open_page(locale="es-ES")
    choose_file(page, ROOT / "images" / "oranges_1.jpg")
    expect(page.locator("#count .description")).to_have_text("objeto con confianza 0,50")
    expect(page.locator("#count .labels")).to_have_text("naranja 1")
    expect(page.locator("#count .boxes .tag").first).to_contain_text("naranja")
    page.get_by_role("combobox", name="Objeto").select_option("plátano")
    expect(page.locator("#count .description")).to_have_text("plátanos con confianza 0,50")
    expect(page.locator("#count .note", has_text="Este modelo conoce")).to_contain_text(
        "manzana, plátano, naranja, limón"
    )
    page.get_by_role("tab", name="Muchas").click()
    page.locator("#many [data-part=files]").set_input_files(ROOT / "images" / "oranges_1.jpg")
    expect(page.locator("#many-status")).to_have_text("1 de 1 imagen, 1 objeto")
    expect(page.locator("#many tbody")).to_contain_text("naranja 1")
    page.get_by_role("tab", name="Historial").click()
    expect(page.locator("#history tbody tr").first).to_contain_text("naranja 1")
    page.locator("#history tbody button").first.click()
    expect(page.get_by_role("dialog")).to_contain_text("0,50")
