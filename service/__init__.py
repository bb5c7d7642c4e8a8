"""The HTTP front of Isoglot. It knows the index; the index does not know it."""
