"""Scripts are tried on a run that is held, harming nobody: attempts, what they cost and made, and what differs.

An *attempt* is a set of scripts on a held run: a worker of its own, in a temporary state directory, that maps what a
receiver holds. May import every room below `commands` except `web`'s and the daemon's policies of the service.
Read `bench.py` first: it makes attempts; `attempt.py` is one of them, and `verdict.py` decides when it is over.
`reproduce/` makes a result again from its provenance, and compares.
"""
