"""Signs of life for the facility's web monitor: status and answers to pings, to a message broker by STOMP.

Off unless brokers are configured. May import what `notify` may, and stomp.py.
Read `beating.py` first: it decides; `link.py` has the connection and its thread.
"""
