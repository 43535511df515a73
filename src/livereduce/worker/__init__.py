"""The process that reduces. One generation of the worker is one process with one job: it may crash at any moment.

Entry, beats, orders and the guards against hanging. May import `engine` and every room below.
Read `main.py` first.
"""
