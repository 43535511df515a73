"""What scripts hold in their hands: workspaces, their events and logs, the store ``mtd``, conversion to scipp.

Read `workspace.py` first.
"""
