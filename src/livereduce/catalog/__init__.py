"""What is known of Mantid's interface without Mantid: all its names, and the declared algorithms of the builtin engine.

Data and sentences only, on the standard library: `check`, the daemon and the engine read the same. What an algorithm
computes is in `engine/mantid_api/algorithms`.
Read `declaration.py` first, then one file of `families/`.
"""
