"""The daemon's reports: log lines, the status snapshot, systemd.

Read `snapshot.py` first.
"""
