"""From the user's `X` to one ragged form, and back into the same kind."""
