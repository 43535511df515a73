"""Publishing results: a product (plain arrays) goes to files, trends and the live data server.

Knows no engine and no stream. May import `base`, `messages`, `config` and `scripting`; numpy and h5py.
Read `product.py` first, then `publisher.py`.
"""
