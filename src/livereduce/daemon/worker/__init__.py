"""The life of the worker process as the daemon sees it: its generation folder, pipes, beats, output, end.

Read `process.py` first, then `generation.py`.
"""
