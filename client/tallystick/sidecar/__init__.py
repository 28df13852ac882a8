"""Programs that run beside applications: what composes gateway, collectors and observers."""
