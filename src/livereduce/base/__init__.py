"""Ground floor: errors sorted by who must act, files replaced as a whole, the log file, times since 1990.

Imports nothing of ours, and the standard library only; everything else may import it.
Read `errors.py` first.
"""
