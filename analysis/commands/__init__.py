"""Commands for people: `python -m analysis …`. Each module holds one click command of its own name."""
