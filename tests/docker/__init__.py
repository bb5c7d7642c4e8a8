"""The files of `docker/`, read beside the code they speak of. `docker/test.sh` runs them."""
