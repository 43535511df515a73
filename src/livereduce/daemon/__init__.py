"""The daemon: keeps one worker reducing, and its receiver, whatever happens. Never imports numpy, Mantid, an engine or a script.

`policy.py` decides, from the facts in `facts.py`; `loop.py` acts. May import every room up to `preflight` except
`stream`; the standard library and psutil only, so that it runs in any environment as it is.
Read `policy.py` first: it begins with a picture of its states.
"""
