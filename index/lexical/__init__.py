"""An optional second way to search: BM25 over words, beside the vectors and in the same database.

Used from outside: `channel` and `tables` (words of a local collection), `hybrid` (vectors and words together), `tokens`
(what counts as a word), `check` (verifying), `cli` (its verb).
"""
