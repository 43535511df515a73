"""``mantid.utils``: only what the log needs."""
