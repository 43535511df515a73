"""The process that receives the stream of the builtin engine and holds it in shared memory; workers map it.

No user code ever runs here, and no engine is imported: a script can cost its worker, not what was received.
May import `stream`, `child`, `messages` and `base`.
Read `main.py` first.
"""
