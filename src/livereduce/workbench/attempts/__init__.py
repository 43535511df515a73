"""Attempts: a set of scripts on a run, once, in a worker of its own that the service does not know.

Read `bench.py` first: it makes attempts. `attempt.py` is one of them, `verdict.py` decides when it is over, and
`mistakes.py` says what is surely wrong with what came out.
"""
