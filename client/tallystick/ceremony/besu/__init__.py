"""A chain of Hyperledger Besu nodes that make blocks by QBFT, and all they are started with."""
