"""What commands and the page ask of the running daemon, by a socket in its runtime directory.

Read `desk.py` first, then `acts.py`, and `errands.py` for what takes long; what can be asked is in
`livereduce.messages.request`.
"""
