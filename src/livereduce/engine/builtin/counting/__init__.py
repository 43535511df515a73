"""Events to counts: time-of-flight bins, which spectrum a pixel counts in, the compiled loops.

Exact on every edge; a few nanoseconds an event.
Read `histogram.py` first, then `binning.py`.
"""
