"""Peaks and functions fitted to spectra.

Values on numpy and scipy; knows nothing of workspaces.
Read `peaks.py` first.
"""
