"""The memory: how much worker, receiver and spare use, its limit, and what to do near the limit.

Read `policy.py` first: a pure function, as the daemon's policy is.
"""
