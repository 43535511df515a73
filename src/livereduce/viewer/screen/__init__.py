"""Pixels on a screen: from their positions to places in a projection, and from there to the cells of a picture. Pure.

Read `projecting.py` first, then `layout.py`.
"""
