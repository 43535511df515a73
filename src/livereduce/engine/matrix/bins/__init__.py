"""Bins of spectra: edges, rebinning, sums and parts of histograms, bins from points and back.

Pure functions on arrays; may import the files of `matrix` that stand beside this room.
Read `edges.py` first, then `rebinning.py`.
"""
