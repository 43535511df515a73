"""Modules that scripts of the facilities import beside Mantid's: they publish plots, and draw them.

`finder.py` makes them where they are not installed; `publishing.py` and `drawing.py` are their functions.
"""
