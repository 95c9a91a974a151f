"""Shared set-up: nothing touches the network, the user's caches or the clock."""

from hypothesis import settings

# The same examples on every run, and no deadline: the machine may be busy.
settings.register_profile("newsmt", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("newsmt")
