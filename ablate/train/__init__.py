"""Training: a pack of trials becomes a record for each of its members."""
