"""``livereduce try``: what it is asked, where it works, the session with its saves, and what it prints.

Read `session.py` first: it is the command. `setup.py` finds the scripts and the run, `place.py` the temporary folder,
and `attempt_report.py` says how an attempt ended. The attempts themselves are made in `workbench.attempts`.
"""
