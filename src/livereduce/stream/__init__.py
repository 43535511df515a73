"""Streams: the items that every source gives, how they are cut into chunks, a folder for each kind of source.

`held/` is the stream in shared memory, which a receiver writes and workers read.

Knows no engine, no script and no product. May import `base` and `messages`; numpy, numba and h5py.
Read `items.py` first, then `chunk.py`.
"""
