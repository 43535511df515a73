"""ADARA, the live protocol of SNS and HFIR. `client.py` joins a connection, a session and a decoder.

`session.py` decides which packets count and to which run they belong, without I/O. `wire/` holds the layouts.
Read `client.py` first, then `session.py`.
"""
