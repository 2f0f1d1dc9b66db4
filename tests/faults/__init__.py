"""What may happen to a daemon in years: hostile publishers, kills, clocks that are set."""
