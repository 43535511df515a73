"""Numbers that scripts report, over the run: kept in bounded memory, with statistics and a forecast.

Read `trends.py` first; `recorder.py` writes them, `forecast.py` says when a run is good enough.
"""
