"""Many runs are reduced again: each is a task, a worker of its own on a file or a recording, here or on a cluster.

A task reads its own file; only its products travel. What is reduced already, from the same file with the same scripts
and settings, is left as it is. A task that fails costs itself, and says why.
Read `task.py` first.
"""
