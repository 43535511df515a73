"""The TCP side of ADARA: dialing, one connection, what silence means, asking a silent server, trying again.

`idle.py` and `retry.py` decide, without a socket or a clock.
Read `connection.py` first, then `idle.py`.
"""
