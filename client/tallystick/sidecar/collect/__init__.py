"""Collectors as programs: sources, a meter's records, and what people see of them."""
