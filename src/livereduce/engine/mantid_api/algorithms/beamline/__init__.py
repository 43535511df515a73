"""Algorithms of the instrument and its logs; reflectometry; sample data; tables.

The functions of the declarations in `catalog/families/beamline`.
Read `instruments.py` first.
"""
