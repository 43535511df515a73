"""Messages between daemon, receiver, worker and page, and their JSON: job, beat, order, note, status, script failure.

A message is a frozen value, checked field by field when it is read, because the other side may be of another version or
broken. No pipes, sockets or clocks here. May import `base`; the standard library only.
Read `beat.py` first, then `status.py`.
"""
