"""The modules ``mantid.kernel``, ``mantid.api`` … as scripts import them.

Read `../hook.py` first.
"""
