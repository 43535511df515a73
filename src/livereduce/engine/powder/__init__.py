"""Powder diffraction: calibrations, characterizations, focussing, peaks.

Values on numpy, h5py and scipy; knows matrices and geometry, and nothing of Mantid's interface.
Read `calibration.py` first.
"""
