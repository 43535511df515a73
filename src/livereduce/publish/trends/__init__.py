"""Metrics that scripts report over a run: kept in bounded memory, with statistics and a forecast.

Read `trends.py` first; `recorder.py` writes them, `forecast.py` tells when a run is good enough.
"""
