"""Basics: errors sorted by who must act, atomic file replacement, the log file, locks, names, text made safe to show.

Imports only the standard library; everything else may import it.
Read `errors.py` first.
"""
