"""What a fit learns of `X`: categories, times, scaler; the way there and back."""
