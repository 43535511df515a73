"""Two engines behind one protocol: `builtin` (ours, from pip alone) and `mantid` (Mantid's own live algorithms).

May import every room below. `daemon`, `web` and `stream` never import an engine.
Read `protocol.py` first.
"""
