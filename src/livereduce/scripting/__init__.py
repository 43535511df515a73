"""The scripts of an instrument and their modules as one set: found, judged, remembered as last good, run.

Also what scripts may call (`livereduce.metric`). Both engines run scripts through `runner.py`. May import `base`
and `messages`; the standard library only, since the daemon and Mantid's environments use it.
Read `script_set.py` first, then `runner.py`.
"""
