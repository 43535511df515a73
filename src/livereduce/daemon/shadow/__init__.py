"""The shadow: the scripts of `shadow_dir`, in a worker of their own, beside those in use and on the same stream.

It harms nobody: low priority, the first to go when memory is short, and nothing that it says frees anything.
Read `policy.py` first.
"""
