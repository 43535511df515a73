"""Units of X: their names and laws, flight paths of spectra, and the maps from one unit to another.

May import `geometry` and the events of a matrix.
Read `units.py` first, then `unit_maps.py`.
"""
