"""One protocol, two engines; the script runner that both share."""
