"""What the daemon watches: configuration, scripts, modules, the environment; and what a change of them means.

Read `watcher.py` first, then `judge.py`.
"""
