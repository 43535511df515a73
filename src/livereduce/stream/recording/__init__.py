"""Recordings: the stream of a run as it came, in files that any ADARA tool reads, with an index beside them.

`cutting.py` decides what of a stream is written, `standing.py` what a file must begin with, `source.py` reads a
recording as a source like any other, `runs.py` finds them. The process that writes is the room `recorder`.
May import the rest of `stream`, `messages` and `base`.
Read `layout.py` first, then `cutting.py`.
"""
