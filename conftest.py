"""What every test and notebook runs in: tiny runs on the bundled digits, without a network."""

import os
import sys
import tempfile

_home = tempfile.TemporaryDirectory(prefix="aehelpers-tests-")
# The kernels of notebooks inherit these.
os.environ.update(
    AEHELPERS_QUICK="1",
    AEHELPERS_CACHE_DIR=_home.name,
    KERAS_HOME=_home.name,
    IPYTHONDIR=_home.name,  # what a user starts each kernel with stays out
    TF_CPP_MIN_LOG_LEVEL="2",
)
# Where it was set, the tests that are about all of MNIST find it under another name.
if folder := os.environ.pop("AEHELPERS_DATA_DIR", None):
    os.environ["AEHELPERS_TEST_DATA_DIR"] = folder


def _stay_here(event, args):
    if event == "socket.connect" and isinstance(args[1], tuple):
        host = args[1][0]
        if host not in ("localhost", "::1") and not host.startswith("127."):
            raise OSError(f"The tests use no network. Received: a connection to {host}")


sys.addaudithook(_stay_here)
