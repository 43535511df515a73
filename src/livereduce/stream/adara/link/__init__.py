"""The TCP side of ADARA: connect, judge silence, ask a silent server, retry.

`idle.py` and `retry.py` decide, without a socket or a clock.
Read `connection.py` first, then `idle.py`.
"""
