"""Drift as one page: days as charts and as a table, in English or Spanish."""

from __future__ import annotations

from html import escape

from countlab.evaluation.figure_svg import INK, LINE, MAIN, SECOND, as_svg, new_figure
from countlab.evaluation.page import render_page, table
from countlab.messages import Language, render
from countlab.monitoring.drift import Drift, Judged

_ALARM = "#c0392b"
_SHOWN_LABELS = 6
_COLORS = (MAIN, SECOND, "#7b6fb0", "#c9a227", "#4f86c6", "#a05195", LINE)


def drift_page(drift: Drift, *, language: Language = "en") -> str:
    """Self-contained, like the page of an evaluation."""

    def say(name: str, **facts: object) -> str:
        return render(f"drift_page_{name}", language, facts).detail

    alarming = [judged for judged in drift.days if judged.alarms]
    lead = say("alarm" if drift.alarms else "quiet", days=len(drift.days), alarming=len(alarming))
    reference = say(
        "reference", pictures=drift.reference.pictures, measured_on=drift.reference.measured_on
    )
    charts = (
        ("pictures", _pictures(drift)),
        ("labels", _labels(drift)),
        ("confidences", _confidences(drift)),
        ("unfamiliar", _unfamiliar(drift)),
    )
    figures = "".join(
        f"<figure><h3>{escape(say(name))}</h3>{svg}"
        f"<figcaption>{escape(say(f'{name}_about'))}</figcaption></figure>"
        for name, svg in charts
    )
    headings = [word.strip() for word in say("columns").split("|")]
    names = dict(
        zip(("labels", "confidences", "unfamiliar"), say("alarms").split("|"), strict=True)
    )
    rows = [(judged.day.day.isoformat(), _cells(judged, names)) for judged in drift.days[::-1]]
    rule = drift.rule
    about = say("rule", least=rule.least_pictures, far=rule.far, chance=rule.chance)
    sections = [
        f"<section><p class=lead>{escape(lead)}</p><p class=note>{escape(reference)}</p></section>",
        f"<section><div class=plots>{figures}</div></section>",
        f"<section>{table(headings, rows)}<p class=note>{escape(about)}</p></section>",
    ]
    return render_page(say("title"), sections, folder=drift.model, language=language)


def _cells(judged: Judged, names: dict[str, str]) -> str:
    day = judged.day
    sure = "" if day.mean_confidence is None else f"{day.mean_confidence:.2f}"
    alarms = ", ".join(names[alarm].strip() for alarm in judged.alarms)
    values = (
        f"{day.answers.pictures:,}", f"{judged.labels:.2f}", sure, f"{judged.confidences:.2f}",
        f"{judged.unfamiliar:.0%}", alarms, ", ".join(day.versions),
    )  # fmt: skip
    style = f' style="color:{_ALARM};font-weight:600"' if judged.alarms else ""
    return "".join(f"<td{style}>{escape(value)}" for value in values)


def _pictures(drift: Drift) -> str:
    figure, axes = new_figure()
    colors = [_ALARM if judged.alarms else MAIN for judged in drift.days]
    numbers = [judged.day.answers.pictures for judged in drift.days]
    axes.bar(range(len(numbers)), numbers, color=colors, width=0.7)
    _days(drift, axes)
    return as_svg(figure, "Pictures")


def _labels(drift: Drift) -> str:
    figure, axes = new_figure()
    everything = dict(drift.reference.labels)
    for judged in drift.days:
        for label, number in judged.day.answers.labels.items():
            everything[label] = everything.get(label, 0) + number
    shown = sorted(everything, key=lambda label: -everything[label])[:_SHOWN_LABELS]
    profiles = [drift.reference, *(judged.day.answers for judged in drift.days)]
    places = [-1.5, *range(len(drift.days))]
    bottoms = [0.0] * len(profiles)
    for color, label in zip(_COLORS, [*shown, "…"], strict=False):
        shares = []
        for profile in profiles:
            total = max(1, sum(profile.labels.values()))
            others = [number for name, number in profile.labels.items() if name not in shown]
            number = sum(others) if label == "…" else profile.labels.get(label, 0)
            shares.append(number / total)
        if any(shares):
            axes.bar(places, shares, bottom=bottoms, color=color, width=0.7, label=label)
        bottoms = [a + b for a, b in zip(bottoms, shares, strict=True)]
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 1.16), ncol=7, frameon=False, fontsize=8)
    axes.set_ylim(0, 1)
    _days(drift, axes, with_reference=True)
    return as_svg(figure, "Labels")


def _confidences(drift: Drift) -> str:
    figure, axes = new_figure()
    values = [judged.day.mean_confidence for judged in drift.days]
    there = [(at, value) for at, value in enumerate(values) if value is not None]
    bins = drift.reference.confidences
    if total := sum(bins):
        usual = sum((at + 0.5) / len(bins) * number for at, number in enumerate(bins)) / total
        axes.axhline(usual, color=SECOND, linestyle="--", linewidth=1.5)
    axes.plot([at for at, _ in there], [value for _, value in there], "o-", color=MAIN)
    axes.set_ylim(0, 1.02)
    _days(drift, axes)
    return as_svg(figure, "Confidence")


def _unfamiliar(drift: Drift) -> str:
    figure, axes = new_figure()
    usual = drift.reference.unfamiliar / max(1, drift.reference.pictures)
    axes.axhline(usual, color=SECOND, linestyle="--", linewidth=1.5)
    shares = [judged.unfamiliar for judged in drift.days]
    axes.plot(range(len(shares)), shares, "o-", color=MAIN)
    axes.set_ylim(0, max(0.1, *shares, usual) * 1.15)
    _days(drift, axes)
    return as_svg(figure, "Unfamiliar pictures")


def _days(drift: Drift, axes: object, *, with_reference: bool = False) -> None:
    """At most five dates below, so that none covers another."""
    number = len(drift.days)
    step = -(-number // 5)
    places: list[float] = list(range(0, number, step))
    names = [f"{drift.days[int(at)].day.day:%d.%m.}" for at in places]
    if with_reference:
        places, names = [-1.5, *places[1:]], ["ref.", *names[1:]]
    axes.set_xticks(places, names)  # type: ignore[attr-defined]
    axes.tick_params(colors=INK)  # type: ignore[attr-defined]
