"""Powder diffraction: calibrations, characterizations, prompt pulses, settings of the chain.

Values on numpy and h5py; knows matrices and geometry, and nothing of Mantid's interface.
Read `calibration.py` first.
"""
