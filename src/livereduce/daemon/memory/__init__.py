"""The worker's memory: how much it uses, its limit, and what to do near the limit.

Read `policy.py` first: a pure function, as the daemon's policy is.
"""
