"""The process in which people look at the events of a run: the detector, regions, curves over a log, findings.

The page starts it, gives it a connection to the receiver, and asks it; it maps what the receiver holds and counts by
itself. It may crash at any moment: nothing but what is shown depends on it. No script ever runs in it.
May import `engine`, `stream` and every room below.
Read `main.py` first, then `counted_run.py`.
"""
