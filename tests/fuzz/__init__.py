"""What comes from outside, as bytes that nobody would send: `python -m tests.fuzz --help`."""
