"""Text: YAML with a position for every key and value, and faults told in one voice."""
