"""The chain, spoken to: bindings, provider pool, submitter and follower. No business rules."""

from tallystick.chain.nesting import keep_recursion_limit

keep_recursion_limit()
