"""From bytes to chunks: the items every source gives, where chunks are cut, a folder for each kind of source.

Knows no engine, no script and no product. May import `base` and `messages`; numpy and numba.
Read `items.py` first, then `chunk.py`.
"""
