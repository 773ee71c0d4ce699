"""Folders of labelled pictures: collecting, weak labels, review by people, a look at the whole.

docs/datasets.md describes the folder. Training reads it; nothing here trains or serves a model.
"""
