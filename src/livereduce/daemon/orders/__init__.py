"""What commands of people ask of the running daemon, by a socket in its runtime directory.

Read `desk.py` first; what can be asked is in `livereduce.messages.request`.
"""
