"""The python environment that holds the engine: which one is meant, how to get into it, what it says of itself.

May import `base`, `messages` and `config`; the standard library only.
Read `launchers.py` first, then `ask.py`.
"""
