"""An optional second way to search: BM25 over words, beside the vectors and in the same database.

What is here knows SQLite's tables and no collection: `index/local/channel.py` keeps the words of one.

Used from outside: `tables` (words in a database), `matching` and `fusion` (BM25; two orders as one), `hybrid` (vectors
and words together), `tokens` (what counts as a word), `check` (verifying), `cli` (its verb).
"""
