"""The page about a dataset: what stands out, plots, groups of like pictures, examples."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from pathlib import Path
from statistics import median

from countlab.datasets.explore.findings import Findings
from countlab.datasets.explore.plots import brightness_lines, class_bars, size_circles
from countlab.datasets.explore.survey import Survey, Surveyed
from countlab.evaluation.page import render_page, table
from countlab.imaging.picture import write_picture
from countlab.messages import Language
from countlab.system.toml import read_toml

Words = Mapping[str, str]
_EVEN = 1.1
_EXAMPLES, _MOST_GROUPS, _MOST_IN_GROUP, _MOST_UNREADABLE = 12, 12, 6, 20


@cache
def page_words(language: Language) -> Words:
    words = read_toml(Path(__file__).with_name("words.toml"))
    return {name: texts[language] for name, texts in words.items()}


def dataset_page(survey: Survey, findings: Findings, *, language: Language) -> str:
    words = page_words(language)
    sections = [_overview(survey, findings, language, words)]
    if survey.pictures:
        sections += [_plots(survey, words), _numbers(survey, words)]
    for name, groups in findings.groups().items():
        if groups:
            shown = [_group(group.pictures) for group in groups[:_MOST_GROUPS]]
            sections.append(_section(words[name], shown, len(groups) - len(shown), words))
    if survey.unreadable:
        sections.append(_unreadable(survey, language, words))
    sections += [_examples(survey, label, words) for label in survey.labels]
    if survey.pictures:
        ordered = sorted(survey.pictures, key=lambda each: each.brightness)
        extremes = [_strip([*ordered[:6], *ordered[6:][-6:]])]
        sections.append(_section(words["extremes"], extremes, 0, words))
    folder = str(survey.folder)
    return render_page(words["title"], sections, folder=folder, language=language)


def _decimal(value: float, language: Language) -> str:
    return f"{value:.1f}".replace(".", "," if language == "es" else ".")


def _overview(survey: Survey, findings: Findings, language: Language, words: Words) -> str:
    counts = Counter(each.label for each in survey.pictures if each.label)
    balance = ""
    if counts and max(counts.values()) > _EVEN * min(counts.values()):
        (common, most), (rare, fewest) = counts.most_common()[0], counts.most_common()[-1]
        ratio = _decimal(most / fewest, language)
        balance = words["balance"].format(common=escape(common), rare=escape(rare), ratio=ratio)
    lead = words["lead"].format(
        pictures=len(survey.pictures), labelled=counts.total(), balance=balance
    )
    lines = findings.sentences(words) or [words["nothing_to_do"]]
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<section><p class=lead>{lead}</p><h2>{words['to_do']}</h2><ul>{items}</ul></section>"


def _plots(survey: Survey, words: Words) -> str:
    drawn = {
        "plot_classes": class_bars(survey.pictures, words),
        "plot_sizes": size_circles(survey.pictures, words),
        "plot_brightness": brightness_lines(survey.pictures, words),
    }
    figures = "".join(
        f"<figure><h3>{words[name]}</h3>{svg}<figcaption>{words[f'{name}_about']}</figcaption>"
        "</figure>"
        for name, svg in drawn.items()
    )
    return f"<section><h2>{words['plots']}</h2><div class=plots>{figures}</div></section>"


def _numbers(survey: Survey, words: Words) -> str:
    kinds: dict[str, Sequence[Surveyed]] = {words["all"]: survey.pictures}
    for label in survey.labels:
        kinds[label] = [each for each in survey.pictures if each.label == label]
    rows = ((name, _cells(pictures)) for name, pictures in kinds.items())
    headings = [heading.strip() for heading in words["number_columns"].split("|")]
    return f"<section><h2>{words['numbers']}</h2>{table(headings, rows)}</section>"


def _cells(pictures: Sequence[Surveyed]) -> str:
    formats = Counter(each.format for each in pictures).most_common()
    values = (
        f"{len(pictures)}",
        f"{median(each.width for each in pictures):.0f}",
        f"{median(each.height for each in pictures):.0f}",
        f"{median(each.brightness for each in pictures):.2f}",
        ", ".join(f"{format} {number}" for format, number in formats),
    )
    return "".join(f"<td>{value}" for value in values)


def _section(title: str, parts: Sequence[str], more: int, words: Words) -> str:
    rest = f"<p class=note>{words['more'].format(number=more)}</p>" if more > 0 else ""
    return f"<section><h2>{escape(title)}</h2>{''.join(parts)}{rest}</section>"


def _group(pictures: Sequence[Surveyed]) -> str:
    return _strip(pictures[:_MOST_IN_GROUP])


def _examples(survey: Survey, label: str, words: Words) -> str:
    """By lot, and the same each time."""
    own = [each for each in survey.pictures if each.label == label]
    own.sort(key=lambda each: hashlib.sha256(each.file.encode()).hexdigest())
    title = words["examples"].format(label=label)
    return _section(title, [_strip(own[:_EXAMPLES])], len(own) - _EXAMPLES, words)


def _strip(pictures: Sequence[Surveyed]) -> str:
    return f"<div class=strip>{''.join(_figure(each) for each in pictures)}</div>"


def _figure(each: Surveyed) -> str:
    jpeg = base64.b64encode(write_picture(each.thumb, "JPEG")).decode("ascii")
    name, facts = escape(each.file), " · ".join(filter(None, (each.label, each.part)))
    short = escape(each.file.rpartition("/")[2])
    return (
        f'<figure title="{name}"><img alt="{name}" '
        f'src="data:image/jpeg;base64,{jpeg}"><figcaption><span>{short}</span>'
        f"{escape(facts)}</figcaption></figure>"
    )


def _unreadable(survey: Survey, language: Language, words: Words) -> str:
    items = "".join(
        f"<li><b>{escape(file)}</b>: {escape(error.text(language).detail)}</li>"
        for file, error in survey.unreadable[:_MOST_UNREADABLE]
    )
    more = len(survey.unreadable) - _MOST_UNREADABLE
    return _section(words["unreadable"], [f"<ul>{items}</ul>"], more, words)
