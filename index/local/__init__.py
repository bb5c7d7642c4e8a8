"""A collection in a folder of this machine: SQLite is the truth, FAISS derived from it."""
