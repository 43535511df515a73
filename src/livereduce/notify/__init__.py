"""Tells people and programs what happens to the live reduction: a process of its own that only reads files.

It can also tell that the daemon is down. May import every room up to `preflight` except `stream`, `simulate` and
`engine`; the standard library, and for the heartbeat stomp.py.
Read `policy.py` first: it decides what is sent and when; `sending.py` and `main.py` do it.
"""
