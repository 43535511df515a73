"""Counts in one array: ways to count events into it, which of them is the fastest here, threads that help.

Read `cells.py` first.
"""
