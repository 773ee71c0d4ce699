"""A page in Streamlit: a picture in, its class out. It asks a countlab server over HTTP alone.

streamlit run clients/streamlit/app.py

`COUNTLAB_URL` is where the server is, `COUNTLAB_API_KEY` the key that it may want, `COUNTLAB_MODEL`
the model that is chosen at first.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from countlab import Client, CountlabError
from countlab.client.answers import CountAnswer
from countlab.settings import Settings

COLOR = "#0f766e"
SURE = 0.5
Model = dict[str, Any]


@st.cache_resource
def open_client(url: str, key: str) -> Client:
    return Client(url, language="es", api_key=key or None)


def spanish(label: str, model: Model) -> str:
    """The label's Spanish name, where the model has one."""
    return str(model["names"].get("es", {}).get(label, label))


def percent(share: float) -> str:
    return f"{100 * share:.1f} %".replace(".", ",")


def show_error(error: CountlabError) -> None:
    detail, fix = error.text("es")
    st.error(f"**{detail}**\n\n{fix}", icon=":material/error:")


def choose_model(client: Client, first: str) -> Model | None:
    """One of the server's classifiers."""
    models = [model for model in client.models() if model["task"] == "classify"]
    if not models:
        st.error(
            "**Este servidor no tiene ningún clasificador.**\n\nEntrena uno, o usa otro servidor."
        )
        return None
    names = {model["name"]: model for model in models}
    index = list(names).index(first) if first in names else 0
    name = st.sidebar.selectbox("Modelo", list(names), index=index, key="model")
    model = names[name]
    labels = [spanish(label, model) for label in model["labels"]]
    st.sidebar.caption("Distingue: " + ", ".join(labels) + ".")
    return model


def probability_chart(answer: CountAnswer, model: Model) -> alt.LayerChart:
    rows = [(spanish(label, model), share) for label, share in answer.probabilities.items()]
    table = pd.DataFrame(rows, columns=["clase", "probabilidad"])
    table["texto"] = [percent(share) for share in table["probabilidad"]]
    base = alt.Chart(table).encode(
        x=alt.X("probabilidad", scale=alt.Scale(domain=[0, 1.15]), axis=None),
        y=alt.Y("clase", sort=None, title=None, axis=alt.Axis(labelFontSize=14, labelLimit=160)),
    )
    bars = base.mark_bar(color=COLOR, cornerRadius=3)
    texts = base.mark_text(align="left", dx=5, fontSize=13, color="gray").encode(text="texto")
    return (bars + texts).properties(height=34 * len(rows) + 10)


def show_answer(answer: CountAnswer, model: Model) -> None:
    label, probability = next(iter(answer.probabilities.items()))
    st.metric("Clase", spanish(label, model))
    st.progress(probability, text=f"Confianza: {percent(probability)}")
    if probability <= SURE:
        st.warning("El modelo no está seguro.", icon=":material/help:")
    for warning in answer.warnings:
        st.warning(f"**{warning['detail']}**\n\n{warning['fix']}", icon=":material/warning:")
    st.subheader("Todas las probabilidades")
    st.altair_chart(probability_chart(answer, model))


def remember(name: str, answer: CountAnswer, model: Model) -> None:
    label, probability = next(iter(answer.probabilities.items()))
    row = {
        "hora": datetime.now().strftime("%H:%M:%S"),
        "imagen": name,
        "modelo": model["name"],
        "clase": spanish(label, model),
        "confianza": percent(probability),
    }
    st.session_state.setdefault("history", []).insert(0, row)


def show_history() -> None:
    rows = st.session_state.get("history", [])
    st.subheader("Historial de esta sesión")
    if not rows:
        st.caption("Aquí aparecerá cada imagen que clasifiques.")
        return
    st.dataframe(pd.DataFrame(rows), hide_index=True)
    if st.button("Borrar el historial"):
        st.session_state.history = []
        st.rerun()


def classify(client: Client, model: Model) -> None:
    upload = st.file_uploader("Imagen (PNG o JPG)", type=["png", "jpg", "jpeg"])
    if upload is None:
        st.session_state.pop("answer", None)
        return
    picture, question = upload.getvalue(), (upload.file_id, model["name"])
    left, right = st.columns(2)
    with left:
        show_picture(picture)
        clicked = st.button("Clasificar", type="primary", width="stretch")
    with right:
        if clicked:
            st.session_state.pop("answer", None)
            with st.spinner("Clasificando…"):
                answer = client.count(picture, model=model["name"])
            st.session_state.answer = (question, answer)
            remember(Path(upload.name).name, answer, model)
        asked, answer = st.session_state.get("answer", (None, None))
        if asked == question:  # not the answer to another picture, nor of another model
            show_answer(answer, model)


def show_picture(picture: bytes) -> None:
    try:
        st.image(picture)
    except Exception:  # whatever Pillow says of it, the server's sentence is better
        st.caption("Esta imagen no se puede mostrar.")


def main() -> None:
    st.set_page_config("Clasificar una imagen", ":material/image_search:", layout="wide")
    st.title("¿Qué hay en la imagen?")
    url = os.environ.get("COUNTLAB_URL", "").strip() or "http://127.0.0.1:8000"
    try:
        settings = Settings.from_environment()
        client = open_client(url, settings.api_key)
        model = choose_model(client, settings.default_model)
        if model is not None:
            classify(client, model)
    except CountlabError as error:
        show_error(error)
        st.button("Intentar de nuevo")
    show_history()


main()
