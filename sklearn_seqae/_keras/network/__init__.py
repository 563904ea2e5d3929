"""The forward pass, written once, and the engines that run its layers."""
