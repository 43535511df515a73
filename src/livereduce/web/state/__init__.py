"""State of each instrument, from files and peers, and the news for watchers.

Read `instruments.py` first.
"""
