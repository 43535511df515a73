"""Objects for scripts: workspaces, their events and logs, the store ``mtd``, conversion to scipp.

Read `workspace.py` first.
"""
