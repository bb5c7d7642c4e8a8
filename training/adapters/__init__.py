"""Public data sets as groups: one small adapter each. `cli` has the verbs of `isoglot data`."""
