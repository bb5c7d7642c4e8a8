"""An optional second way to search: BM25 over words, beside the vectors and in the same database."""
