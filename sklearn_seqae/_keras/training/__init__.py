"""Training: losses, what is drawn, compiled programs, batches and epochs."""
