"""Declarations. Algorithms of events and pixels: filters, groups, masks.

Imports `declaration.py` only.
Read `event_filters.py` first.
"""
