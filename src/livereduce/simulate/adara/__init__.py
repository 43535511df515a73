"""The simulated stream management service: packets of pulses, files and prologues as in the real one, and the server.

Read `play.py` first, then `beam_packets.py`, `store.py`, then `server.py`.
"""
