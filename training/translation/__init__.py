"""Machine translation of groups: engine → journal → filters → group file. Needs the extra `[train]`.

`cli` has the verb.
"""
