"""What every process that the daemon starts does alike: beats, orders, its log, its stack dumps, its exit.

Standard library only: the worker of the Mantid engine runs in an environment that is not ours. May import `messages`
and `base`.
Read `setup.py` first.
"""
