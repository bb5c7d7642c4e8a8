"""Makes and judges encoders: groups → batches → train → export → evaluate. Needs the extra `[train]`."""
