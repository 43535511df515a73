"""Algorithms of events and pixels: filters, groups, masks.

The functions of the declarations in `catalog/families/events`.
Read `event_filters.py` first.
"""
