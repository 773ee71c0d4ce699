"""`GET /`: a page for browsers, JSON for programs; /docs begins with counting."""

from __future__ import annotations

import requests

from countlab.notebook import Server

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def test_a_browser_gets_a_page_with_the_ways_on_in_its_language(server: Server) -> None:
    for language, words in (("en", "One picture in"), ("es", "Entra una imagen")):
        headers = BROWSER | {"Accept-Language": language}
        page = requests.get(server.url + "/", headers=headers, timeout=10)
        assert page.headers["content-type"].startswith("text/html")
        assert page.headers["content-language"] == language
        assert words in page.text
        for path in ("/docs", "/models", "/health"):
            assert f'href="{path}"' in page.text
        assert "script" not in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]


def test_programs_get_the_same_as_json(server: Server) -> None:
    for accept in ("*/*", "application/json", "application/json, text/html"):
        answer = requests.get(server.url + "/", headers={"Accept": accept}, timeout=10)
        assert answer.json()["docs"] == "/docs"


def test_there_is_an_icon(server: Server) -> None:
    icon = requests.get(server.url + "/favicon.ico", timeout=10)
    assert (icon.status_code, icon.headers["content-type"]) == (200, "image/svg+xml")


def test_docs_begin_with_counting_and_type_every_answer(server: Server) -> None:
    document = requests.get(server.url + "/openapi.json", timeout=10).json()
    names = [tag["name"] for tag in document["tags"]]
    assert names.index("count") < names.index("about")
    operations = [each for methods in document["paths"].values() for each in methods.values()]
    assert set(names) == {tag for each in operations for tag in each.get("tags", [])}, (
        "no heading is empty"
    )
    assert "/countOranges" in document["paths"]["/count{plural}"]["post"]["summary"]
    for method, path in (("get", "/models"), ("get", "/models/{name}"), ("post", "/predict/batch")):
        answer = document["paths"][path][method]["responses"]["200"]["content"]["application/json"]
        assert "$ref" in answer["schema"], path
    assert "model-example" in requests.get(server.url + "/docs", timeout=10).text


def test_openapi_document_is_made_once(server: Server) -> None:
    times = [requests.get(server.url + "/openapi.json", timeout=10).elapsed for _ in range(5)]
    assert min(times).total_seconds() < 0.05
