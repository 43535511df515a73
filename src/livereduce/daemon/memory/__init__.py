"""How much memory the worker uses, how much it may, and what follows.

Read `policy.py` first: a pure function, as the daemon's policy is.
"""
