"""Declarations. Algorithms of events and pixels: filters, groups, masks.

Imports `catalog/declaration.py` only.
Read `event_filters.py` first.
"""
