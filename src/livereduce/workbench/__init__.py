"""Scripts are tried on a run that is held, harming nobody: attempts, what they cost and made, and what differs.

An *attempt* is a set of scripts on a held run: a worker of its own, in a temporary state directory, that maps what a
receiver holds. May import every room below `commands` except `web`'s and the daemon's policies of the service.
Read `attempts/` first. `held_run.py` is the run that they are on; `played/` plays it to a Mantid; `reducing/` reduces
many runs again, and `reproduce/` makes one result again from its provenance, and compares.
"""
