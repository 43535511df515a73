"""Beams to play: a synthetic powder diffractometer, or a NeXus event file.

Read `powder.py` first.
"""
