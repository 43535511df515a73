"""The declarations, one file a family of algorithms.

Each file ends with `ALGORITHMS`, and is found by its place here. Imports `catalog/declaration.py` only.
Read `spectra/rebinning.py` first.
"""
