"""Where the pixels are: instrument definitions (Mantid's XML) read into positions, L1, L2 and 2θ.

Values on numpy; knows nothing of workspaces or events.
Read `instrument.py` first, then `definition.py`, then `reading/` (XML) and `moving.py` (parts that logs place).
"""
