"""From a call in a script to a pure function and back: arguments, output names, the store.

Read `registry.py` first, then `call.py`.
"""
