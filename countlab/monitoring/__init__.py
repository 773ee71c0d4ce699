"""Monitoring of answers: what a model says from day to day, held against how it answered at first.

`daily` sums rows of the history, `distances` compares two distributions, `drift` judges the days,
`page` shows them. Opens no picture and runs no model.
"""
