"""What scripts report beside the result, from their data to the arrays that are published; for both engines.

numpy only: Mantid's environments may have no scipp, and a scipp object brings its library with it.
Read `taken.py` first.
"""
