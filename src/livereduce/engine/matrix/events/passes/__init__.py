"""Compiled loops over events, and what they need: `../event_pass.py` is the way in.

Imports `counting`, `stream` and the tables of `matrix`. Read `blocks.py` first.
"""
