"""Spectra put together: groups from files and patterns, and the sums.

Values on numpy; knows matrices, and nothing of Mantid's interface.
Read `group.py` first.
"""
