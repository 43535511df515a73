"""The Python environment that holds the engine: find the configured one, get into it, and ask what it has.

May import `base`, `messages` and `config`; the standard library only.
Read `launchers.py` first, then `ask.py`.
"""
