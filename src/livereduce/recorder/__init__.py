"""The process that records the stream of the builtin engine: raw packets from the receiver, into files of runs.

No user code ever runs here. It may hang with its file system, or be killed: that costs the recording a gap, and nobody
else anything. May import `stream`, `child`, `messages` and `base`.
Read `writing.py` first, then `recording.py`.
"""
