"""Results to files that others read; takes plain arrays, knows no engine."""
