"""Events: use that others report, in three public formats, recorded once however often it comes."""
