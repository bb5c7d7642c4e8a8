"""Studies: questions of the field answered by training and judging many small runs, one file each.

`cli` has the verb.
"""
