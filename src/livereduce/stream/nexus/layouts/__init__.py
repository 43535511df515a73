"""Layouts of event files, one in each module: where a facility's files have runs, pulses, events and logs.

Each gives the same value, an `IndexedFile`, so nothing else knows whose file it is. A layout says whether a file is
one of its own, and what it leaves out of it.
Read `sns.py` first.
"""
