"""Separate processes that read and draw products: a bad file may kill one of them, never the page.

Each has limits of memory and time. `jobs.py` and `child.py` run in the process, `pool.py` in the server; `frames.py`
is the protocol between them.
Read `pool.py` first.
"""
