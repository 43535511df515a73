"""Mantid's live algorithms as the engine uses them: setup, arguments, start, and callbacks.

Read `live_algorithms.py` first, then `callbacks.py`.
"""
