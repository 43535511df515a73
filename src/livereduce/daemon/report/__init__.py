"""What the daemon tells: log lines, the status snapshot, systemd.

Read `snapshot.py` first.
"""
