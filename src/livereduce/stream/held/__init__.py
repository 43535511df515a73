"""The stream held in shared memory: a receiver writes decoded items once, any number of readers map them.

Memory is in *segments*, sealed so that only the receiver's own mapping can write. Events lie in column segments, all
else of an item in *journal* segments, as records. A *place* is a byte offset in the journal; it only grows.
May import the rest of `stream`, `messages` and `base`.
Read `source.py` first (how a worker reads), then `holding.py` (what is kept).
"""
