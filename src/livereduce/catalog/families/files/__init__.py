"""Declarations. Algorithms that read and write files, and draw.

Imports `declaration.py` only.
Read `loading.py` first.
"""
