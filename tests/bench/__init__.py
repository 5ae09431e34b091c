"""The benches in short, so that they keep running."""
