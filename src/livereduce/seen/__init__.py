"""What a process that only reads sees of a service: where its files are, its snapshot, the index of its products.

The page stands on it, and so does whatever else shows or passes on results. It writes nothing and asks the daemon
nothing. May import every room up to `preflight` except `stream`, `simulate` and `engine`; of packages psutil only.
Read `scan.py` first: one look at all files.
"""
