"""The HTTP front of Isoglot. It knows the index; the index does not know it.

Users import `service.client` (`Isoglot`, `AsyncIsoglot`) and `service.app` (`create_app`); no other wing
imports any of it.
"""
