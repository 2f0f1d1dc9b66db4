"""What subscribers are owed: PROTOCOL E1-E29, one file for a few items, against the real daemon."""
