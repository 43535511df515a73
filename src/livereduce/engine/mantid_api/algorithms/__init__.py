"""What the algorithms compute, one file a family, as in `catalog/families`: pure functions of `Matrix` and numbers.

Read `spectra/rebinning.py` first.
"""
