"""Beams to play: a synthetic powder diffractometer, or a NeXus event file.

A beam gives values above any protocol; `simulate/adara/beam_packets.py` turns them into packets.
Read `beam.py` first, then `powder.py`.
"""
