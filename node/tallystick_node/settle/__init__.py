"""Settlement: batches proposed from the journal and submitted to the ledger."""
