"""Algorithms of powder diffraction: calibration, focusing, characterizations, peaks; fits.

The functions of the declarations in `catalog/families/powder`.
Read `calibration.py` first.
"""
