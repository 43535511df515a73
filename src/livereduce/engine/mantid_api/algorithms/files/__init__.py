"""Algorithms that read and write files, and draw.

The functions of the declarations in `catalog/families/files`.
Read `loading.py` first.
"""
