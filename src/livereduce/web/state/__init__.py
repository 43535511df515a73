"""What the page knows of each instrument: files and peers looked at, news told to those who watch.

Read `instruments.py` first.
"""
