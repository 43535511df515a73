"""Products as NeXus files: one file, the folder of runs with its index, and safe reading of such files.

Files are replaced as a whole, so a reader sees a result or the one before, never half of one.
Read `file.py` first, then `folder.py`.
"""
