"""Plus, minus, times and divided by, of two matrices.

Knows matrices, and nothing of Mantid's interface.
Read `operation.py` first.
"""
