"""Every built-in passes its own tests both ways: in the process of the core, and in a host."""

import pytest


@pytest.fixture(params=["in-process", "sandboxed"])
def way(request):
    return request.param
