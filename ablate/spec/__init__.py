"""The language: YAML text becomes networks, cells, trials and claims, or a list of every fault."""
