"""Results as values of the control system: ``livereduce pvs`` serves them over EPICS Channel Access, to read only.

A process of its own that reads the files of daemon and worker, and writes none. `records.py`, `run_now.py` and
`names.py` are pure; `server.py`, `channel_access.py` and `channels.py` stand on caproto. May import `base`, `config`,
`messages`, `publish`, `preflight` and `seen`.
Read `records.py` first: what is served, and when it is in alarm.
"""
