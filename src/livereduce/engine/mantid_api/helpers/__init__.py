"""Modules that scripts of the facilities import beside Mantid's: they draw plots, and publish them.

May import `publish` and `scripting`; only the builtin engine installs them.
Read `publishing.py` first: what the modules do; `finder.py` makes the modules where they are not installed.
"""
