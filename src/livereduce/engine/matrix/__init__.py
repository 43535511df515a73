"""Spectra as Mantid's algorithms mean them: values behind the workspaces of scripts, and operations on arrays.

A `Matrix` is frozen: an algorithm makes a new one, which shares what it did not change. Events stay the engine's own
columns, with what is pending beside them. Imports `counting`, `workspaces`, `geometry`, and nothing of `mantid_api`.
Read `matrix.py` first, then `events/pending_events.py`.
"""
