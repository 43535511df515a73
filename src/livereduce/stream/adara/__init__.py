"""ADARA, the live protocol of SNS and HFIR. `client.py` joins a connection and what unpacks its bytes.

`unpacking.py` joins framing, session and decoder; `session.py` decides which packets count and to which run they
belong, without I/O. `wire/` holds the layouts.
Read `client.py` first, then `session.py`.
"""
