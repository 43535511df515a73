"""What Mantid has not: the controls of the double. Nothing outside the double's tests may import this."""
