"""Declarations. Algorithms of spectra: bins, units, sums, arithmetic, parts, copies.

Imports `declaration.py` only.
Read `rebinning.py` first.
"""
