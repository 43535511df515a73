"""The recorder as the daemon sees it: started where runs are to be recorded, given each receiver, ended.

Read `policy.py` first: it decides; `keeper.py` has the process. Nothing here looks at the directory of recordings: it
may be on a file system that does not answer.
"""
