"""GPU work and model servers, metered from outside: NVML, DCGM exporters, engines' own counters."""
