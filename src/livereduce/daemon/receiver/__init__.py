"""The receiver of the builtin engine as the daemon sees it: one process that holds the stream for all workers.

Read `policy.py` first: it decides when a receiver is ended; `livereduce.daemon.policy` decides when one is started.
"""
