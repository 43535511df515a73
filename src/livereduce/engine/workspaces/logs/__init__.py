"""One log: its values and times, its statistics, and how it grows. `../runlogs.py` holds the logs of a run.

Knows nothing of runs or workspaces.
Read `log_property.py` first.
"""
