"""Architectures: the short and the explicit form, what a network amounts to, and how two differ."""
