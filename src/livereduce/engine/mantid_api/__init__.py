"""Mantid's Python interface on the builtin engine: scripts that say ``from mantid.simpleapi import …`` run unchanged.

`hook.py` makes the modules, `calling/` turns a call of a script into a call of a pure function in `algorithms/`, and
`objects/` are the workspaces that scripts hold. May import `matrix`, `workspaces`, `geometry`, `counting`, and
`catalog`; `builtin` imports it.
Read `calling/registry.py` first, then one file of `algorithms/`.
"""
