"""What several test files share."""

import os

# Not in the conftest.py above this one: notebooks need their own backend.
os.environ["MPLBACKEND"] = "agg"
