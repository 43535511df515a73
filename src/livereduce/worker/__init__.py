"""The process that reduces. One generation of the worker is one process with one job: it may crash at any moment.

Entry point, beats, orders and the guards against hangs. May import `engine` and every room below.
Read `main.py` first.
"""
