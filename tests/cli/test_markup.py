"""Text from outside is never read as markup: not in a table, not in an error."""

from __future__ import annotations

import ast
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from countlab.errors import CountlabError
from tests.conftest import FRUITS, ROOT, Run

ODD = "[/][bold]x[/red]"
_MARKUP = ("[bold]", "[dim]", "[red]", "[green]", "[/]", "[yellow]")


@pytest.fixture
def odd_model(home: Path) -> Path:
    """A model whose title and label look like markup."""
    folder = home / "models" / "odd"
    folder.mkdir(parents=True)
    for name in ("fruits.cfg", "fruits.weights"):
        shutil.copy(FRUITS / name, folder / name)
    labels = (FRUITS / "fruits.names").read_text().split()
    (folder / "odd.names").write_text("\n".join(["[/]", *labels[1:]]) + "\n")
    (folder / "model.toml").write_text(
        f'name = "odd"\ntitle = "{ODD}"\nlabels = "odd.names"\n[files]\n'
        'config = { name = "fruits.cfg" }\nweights = { name = "fruits.weights" }\n'
    )
    bad = home / "models" / "[bad]"
    bad.mkdir()
    (bad / "model.toml").write_text('name = "[/]"\n')
    return folder


@pytest.mark.usefixtures("odd_model")
def test_models_show_titles_and_labels_as_they_are(run: Run) -> None:
    status, out, err = run("models")
    assert status == 0
    assert ODD in out.replace("\n", "")
    assert "[/]" in out
    assert "[bad]" in err.replace("\n", "")


@pytest.mark.usefixtures("odd_model")
def test_counts_show_odd_names_as_they_are(run: Run, tmp_path: Path) -> None:
    picture = tmp_path / "[red]x[bold].jpg"
    shutil.copy(ROOT / "images" / "fruits.jpg", picture)
    status, out, err = run("count", picture, "--model", "odd")
    assert status == 0, err
    assert "[red]x[bold].jpg" in out
    broken = tmp_path / "[bold].jpg"
    broken.write_bytes(b"[/][/]")
    status, out, err = run("count", broken)
    assert status != 0
    assert "[bold].jpg" in err.replace("\n", "")


@pytest.mark.parametrize(
    "arguments",
    [("count", "[/]"), ("fetch", "[/]"), ("count", "x", "--model", "[/]"),
     ("count", "x", "--engine", "[/]"), ("verify", "[/]", "[/]"), ("export", "[/]"),
     ("history", "--object", "[/]"), ("evaluate", "[/]"), ("selfcheck", "[/]"),
     ("compare", "[/]"), ("[/]",), ("count", "x", "--confidence", "[/]")],
)  # fmt: skip
def test_every_command_refuses_odd_words_without_a_traceback(
    run: Run, arguments: tuple[str, ...]
) -> None:
    status, out, err = run(*arguments)
    assert "Traceback" not in out + err
    assert status in (0, 1, 2)


def test_verify_shows_odd_members_as_they_are(run: Run, tmp_path: Path) -> None:
    picture = ROOT / "images" / "fruits.jpg"
    status, out, _ = run("count", picture, "--format", "json")
    if status:
        status, out, _ = run("count", picture, "--json")
    answer: dict[str, Any] = json.loads(out)
    answer = answer[0] if isinstance(answer, list) else answer
    answer = answer.get("results", [{"result": answer}])[0].get("result", answer)
    answer["counts"] = {"[/]": 1}
    answer["model"] = "[/red]"
    answer["findings"][0]["label"] = "[/]"
    path = tmp_path / "[bold].json"
    path.write_text(json.dumps(answer))
    status, out, err = run("verify", path, picture)
    assert (status, "Traceback" in err) == (1, False)
    assert "[/]" in out
    assert "[/red]" in out


def test_no_console_of_ours_reads_markup() -> None:
    for path in [*(ROOT / "countlab" / "cli").glob("*.py"), ROOT / "countlab" / "tour.py"]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in (
                "Console",
                "TextColumn",
            ):
                keywords = {keyword.arg for keyword in node.keywords}
                assert "markup" in keywords, f"{path.name}:{node.lineno}"
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert not any(word in node.value for word in _MARKUP), f"{path.name}:{node.lineno}"


def test_an_error_with_odd_facts_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    from countlab.cli.terminal import print_error, print_warning

    print_error(CountlabError("no_such_file", path="[/]"), about="[/bold]")
    print_warning(CountlabError("open_to_all", host="[/]"))
    printed = capsys.readouterr().err
    assert "[/bold]" in printed
    assert "[/]" in printed
