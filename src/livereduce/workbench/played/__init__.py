"""A run for an engine with its own connection, as Mantid: played to it by the simulated server, a piece a cycle.

The server lives in the process of the command, on loopback, and talks to nobody but processes of the same user.
May import `simulate`, `stream`, and what the rest of the workbench may.
Read `pacing.py` first, then `played_run.py`.
"""
