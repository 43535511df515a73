"""What scripts hold: Mantid's workspaces, groups, tables, and what hangs on them.

Read `matrix_workspace.py` first.
"""
