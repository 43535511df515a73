"""Files that scripts write and read: Mantid's processed NeXus, text, event files of SNS, figures.

Read `processed_write.py` first: it describes the layout. Nothing here knows of calls or of the store.
"""
