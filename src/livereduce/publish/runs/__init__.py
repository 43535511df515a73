"""The run table: a row for each run, with the last value of each metric that its scripts reported.

A row outlives the products of its run. Standard library only: the page and ``livereduce runs`` make the same table.
Read `table.py` first; `reading.py` reads the files that it is made from, `earlier.py` keeps rows of runs that went.
"""
