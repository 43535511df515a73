"""The commands of ``livereduce``, one file or room each. Only `cli` imports them.

Read `check.py` first: most are as short. ``livereduce try`` has a room, `trying/`; what several print is in
`terminal/`.
"""
