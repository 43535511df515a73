"""Counts of more cells than memory holds: what counts is the number of events, not of cells.

Read `cells.py` first.
"""
