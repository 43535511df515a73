"""The values of a workspace as scripts read and write them: spectra, event lists, axes, dimensions.

May import `matrix` and `workspaces`; `../matrix_workspace.py` is built of these.
Read `reading.py` first.
"""
