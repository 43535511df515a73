"""The builtin engine: live loop, accumulation, histograms and workspaces on numpy, numba and scipp.

Read `live.py` first: chunk, proc, accumulate, post_proc, publish, in a few lines.
"""
