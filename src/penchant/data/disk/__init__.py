"""Data sets on disk: a folder of arrays that is mapped, or read a block of rows at a time."""
