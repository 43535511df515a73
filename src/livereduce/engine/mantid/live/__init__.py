"""Mantid's live algorithms as we drive them: set up, given their arguments, started, and called back by.

Read `live_algorithms.py` first, then `callbacks.py`.
"""
