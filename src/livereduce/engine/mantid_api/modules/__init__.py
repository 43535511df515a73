"""The modules ``mantid.kernel``, ``mantid.api`` … as scripts import them.

`mantid_module.py` makes a module of the names that Mantid has; `provided.py` says where those that we have are, in
`kernel/` and `api/` and elsewhere; for all others `absent.py` makes something that says so when it is used.
Read `../hook.py` first.
"""
