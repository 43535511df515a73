"""What a script asks of Mantid's interface, read from its syntax tree without running it.

`obstacles.py` finds what an engine does not have, with its line; `python2.py` recognises Python 2. May import `base`
and `catalog`; the standard library only.
Read `obstacles.py` first.
"""
