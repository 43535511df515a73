"""Declarations. Algorithms of powder diffraction: calibration, focusing, characterizations, peaks; fits.

Imports `catalog/declaration.py` only.
Read `calibration.py` first.
"""
