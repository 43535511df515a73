"""The process that reduces. One generation of the worker is one process with one job: it may crash at any moment.

Entry point, the guard of its process group, standing by as a spare, and what it says of its environment.
May import `engine` and every room below.
Read `main.py` first.
"""
