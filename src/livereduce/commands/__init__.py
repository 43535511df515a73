"""The commands of ``livereduce``, one file each. Only `cli` imports them.

Read `check.py` first: the others are as short.
"""
