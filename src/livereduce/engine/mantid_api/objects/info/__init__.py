"""The instrument as scripts ask for it: components, detectors, spectra, and a sample.

Positions are those of `engine/geometry`, looked up when something is asked. May import `matrix`, `geometry`, `values`.
Read `component.py` first.
"""
