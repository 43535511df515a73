"""Processes beside the page's server that read products and draw them: a file may cost one of them, never the page.

Each has limits of memory and time. `jobs.py` and `child.py` run in the process, `pool.py` in the server; `frames.py`
is what passes between them.
Read `pool.py` first.
"""
