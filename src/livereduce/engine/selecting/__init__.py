"""Choosing among events: by the time of their pulse, by logs, and joining those that lie together.

Values on numpy and compiled loops; knows matrices, and nothing of Mantid's interface.
Read `pulses.py` first.
"""
