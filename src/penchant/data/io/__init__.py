"""Read files, frames, databases and matrices: open → table → stage → cells."""
