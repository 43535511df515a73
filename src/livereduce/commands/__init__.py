"""The commands of ``livereduce``, a file each. Nothing here is imported by anything but `cli`.

Read `check.py` first: the others are as short.
"""
