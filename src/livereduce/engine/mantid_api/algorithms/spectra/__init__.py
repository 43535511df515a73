"""Algorithms of spectra: bins, units, sums, arithmetic, parts, copies.

The functions of the declarations in `catalog/families/spectra`.
Read `rebinning.py` first.
"""
