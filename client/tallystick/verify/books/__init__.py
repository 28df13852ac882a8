"""What the economy's events must come to, one book for each thing that is kept.

A book is told events in the chain's order and gives what does not follow from those before. It then
goes on from what the chain claims, so that one fault is told once. Pure.
"""
