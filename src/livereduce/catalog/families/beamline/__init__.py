"""Declarations. Algorithms of the instrument and its logs; reflectometry; sample data; tables.

Imports `catalog/declaration.py` only.
Read `instruments.py` first.
"""
