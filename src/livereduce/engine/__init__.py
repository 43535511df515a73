"""The engines: two behind one protocol, `builtin` (ours, installable with pip) and `mantid` (Mantid's live algorithms).

May import every room below. `daemon`, `web` and `stream` never import an engine.
Read `protocol.py` first.
"""
