"""The daemon's inputs: configuration, scripts, modules and environment are watched, and their changes judged.

Read `watcher.py` first, then `judge.py`.
"""
