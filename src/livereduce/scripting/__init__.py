"""The scripts of an instrument and their modules as one set: found, judged, remembered as last good, run.

Also what scripts may call (`livereduce.metric`), and in `reading/` what they ask of Mantid's interface. Both engines
run scripts through `runner.py`. May import `base`, `messages` and `catalog`; the standard library only, since the
daemon and Mantid's environments use it.
Read `script_set.py` first, then `runner.py`.
"""
