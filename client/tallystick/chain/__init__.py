"""The chain, spoken to: bindings, provider pool, submitter and follower. No business rules."""
