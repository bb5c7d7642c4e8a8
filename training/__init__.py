"""Makes and judges encoders: groups → batches → train → export → evaluate. Needs the extra `[train]`.

Its front is the command line (`cli`); no other wing imports any of it. Folders: `adapters`, `translation` and
`mining` make data, `benchmarks`, `judging`, `bias` and `reports` judge, `studies` train and judge many.
"""
