"""A result is made again from its provenance and compared, to the bit.

`again.py` keeps a process in which the scripts run (`recompute.py`), so that one that crashes or exits costs nothing
else; `old_job.py` makes the job of then from a provenance, and `compare.py` says what differs. May import everything
below the commands.
Read `again.py` first.
"""
