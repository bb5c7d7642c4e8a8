"""`isoglot mine`: passages that look like answers and are none. `cli` has the verb."""
