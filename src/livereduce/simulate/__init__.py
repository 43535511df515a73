"""A simulated stream server of a beamline, for tests, demo and benchmarks: beams, and the servers that send them.

May import `base` and `stream`; numpy.
Read `beams/beam.py` first, then `adara/server.py`.
"""
