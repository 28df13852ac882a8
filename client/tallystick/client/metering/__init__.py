"""Metering from inside an application: contexts, decorators, wrapped clients, LiteLLM's hook."""
