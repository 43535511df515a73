"""Streams: the items that every source gives, how they are cut into chunks, and one folder for each kind of source.

Knows no engine, no script and no product. May import `base` and `messages`; numpy, numba and h5py.
Read `items.py` first, then `chunk.py`.
"""
