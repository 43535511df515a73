"""The configuration file: its keys, their checks, the instruments and facilities, and the live data server's own file.

Knows nothing of this host: what a configuration means here is `preflight`'s to say. May import `base` and `messages`;
the standard library only.
Read `keys.py` first, then `file.py`.
"""
