"""Training: losses, random numbers, compiled programs, batches and epochs."""
