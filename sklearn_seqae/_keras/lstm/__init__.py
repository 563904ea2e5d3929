"""LSTM layers for the CPU: gates, the recurrence, and the loss of what they write."""
