"""The simulated stream management service: packets of pulses, files and prologues as the real one has them, the server.

Read `play.py` first, then `store.py`, then `server.py`.
"""
