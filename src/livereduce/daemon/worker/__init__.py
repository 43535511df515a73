"""The worker process as the daemon sees it: generation folder, pipes, beats, output, exit.

Read `process.py` first, then `generation.py`.
"""
