"""ablate: which part of a network earns its place?"""
