"""Layouts of event files, a file for each: where it has runs, pulses, events and logs.

Each gives the same `IndexedFile`, so nothing else knows whose file it is. Read `sns.py` first.
"""
