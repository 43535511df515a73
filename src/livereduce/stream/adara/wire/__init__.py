"""ADARA on the wire: packet layouts, framing, kernels that turn bytes into columns, encoders.

No sockets and no state beyond a block of bytes: everything here is fed bytes and gives values.
Read `layout.py` first, then `frame.py`.
"""
