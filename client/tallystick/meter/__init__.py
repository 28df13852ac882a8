"""A meter: journal and spool, frames sent to validators, importers, gateway and collectors."""
