"""The gateway: relays calls to model APIs, admits them against leases and records their use."""
