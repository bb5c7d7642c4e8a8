"""One file per resource, each with a `router` that `service/app.py` mounts.

`audit`, `bias`, `collections`, `embed`, `health`, `info`, `jobs`, `merging`, `openai`,
`search`.
"""
