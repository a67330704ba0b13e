"""Lists of all users or items in a folder of Parquet files, written in blocks of queries."""
