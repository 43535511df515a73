"""Declarations. Algorithms of spectra: bins, units, sums, arithmetic, parts, copies.

Imports `catalog/declaration.py` only.
Read `rebinning.py` first.
"""
