"""The spare: a worker of the builtin engine that stands by, with everything imported and no script in it.

Read `policy.py` first: it decides when there is one; `keeper.py` has the process, and gives it a job.
"""
