"""Declarations. Algorithms that read and write files, and draw.

Imports `catalog/declaration.py` only.
Read `loading.py` first.
"""
