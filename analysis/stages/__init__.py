"""One command per rule: parse arguments, read, call, write."""
