"""A collection in a folder of this machine: SQLite is the truth, FAISS derived from it.

Used from outside: `index` (the backend), `build` and `manifest` (the shape of its segments, storages),
`gpu` (vectors on a GPU), `schedule` (snapshots by the clock), `lock` (one writer), `cli` (its verbs).
"""
