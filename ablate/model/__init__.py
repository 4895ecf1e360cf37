"""The compiler: an explicit architecture becomes an nn.Module."""
