"""Counting events: time-of-flight bins, the spectrum of each pixel, the compiled loops.

Exact on every edge; a few nanoseconds per event.
Read `histogram.py` first, then `binning.py`.
"""
