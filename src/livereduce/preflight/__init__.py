"""Everything a configuration means on this host: engine, instrument, scripts, source, directories, and all problems.

`check`, the launcher and the daemon all ask here, so that they never disagree. May import every room below; the
standard library and psutil only.
Read `resolve.py` first.
"""
