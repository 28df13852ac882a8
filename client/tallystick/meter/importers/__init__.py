"""Importers: files of usage, read whole and checked before any of it is recorded.

A new format is one file here that yields `Chunk`s, and one line in `parse.py`.
"""
