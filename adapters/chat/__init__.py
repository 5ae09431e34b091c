"""What every chat platform's adapter needs, and none of them knows by itself."""
