"""The daemon: keeps one worker and its receiver going, whatever happens. Imports no numpy, Mantid, engine or script.

`policy.py` decides, from the facts in `facts.py`; `loop.py` acts. May import every room up to `preflight` except
`stream`; the standard library and psutil only, so that it runs in any environment as it is.
Read `policy.py` first: it begins with a picture of its states.
"""
