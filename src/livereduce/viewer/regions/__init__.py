"""Regions of the detector: which pixels lie in one, and what is counted in it.

Read `shapes.py` first, then `counted.py`.
"""
