"""ADARA, the live protocol of SNS and HFIR: a connection, a session, a decoder, joined by `client.py`.

`session.py` decides which packets count and to which run they belong, without I/O. `wire/` holds the layouts.
Read `client.py` first, then `session.py`.
"""
