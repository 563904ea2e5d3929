"""What classifiers and clusterers get out of embeddings: see README.md."""
