"""All that a fit leaves, what it computes, and how it is saved."""
