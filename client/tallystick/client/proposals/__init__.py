"""What a vote changes: parameters in a YAML diff, calls to contracts, and words for both."""
