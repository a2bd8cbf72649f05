import os
import threading

import pytest

from geminicrm.runtime.host.sandbox import identity
from tests.support.fake_kernel import FakeKernel


def test_threads_are_counted_by_the_kernel():
    gate = threading.Event()
    thread = threading.Thread(target=gate.wait)
    thread.start()
    counted = identity.threads()
    gate.set()
    thread.join()
    assert counted >= 2


@pytest.mark.parametrize(("errno", "dropped"), [(22, True), (1, False)])
def test_the_bounding_set_is_dropped_as_far_as_allowed(errno: int, dropped: object):
    kernel = FakeKernel()
    kernel.refuse_prctl[24] = OSError(errno, "no more")
    assert identity.drop_bounding_set(kernel) is dropped


def test_no_capability_is_kept_however_many_there_are():
    kernel = FakeKernel()
    assert identity.drop_bounding_set(kernel)
    assert [given[1] for given in kernel.given("prctl")] == list(range(64))


def test_another_failure_to_drop_them_is_one():
    kernel = FakeKernel()
    kernel.refuse_prctl[24] = OSError(14, "bad address")
    with pytest.raises(OSError, match="bad address"):
        identity.drop_bounding_set(kernel)


def test_the_sets_are_emptied_as_the_kernel_wants_it():
    kernel = FakeKernel()
    identity.drop_capabilities(kernel)
    # _LINUX_CAPABILITY_VERSION_3, this process; two times three words of nothing.
    assert kernel.given("capset") == [(bytes.fromhex("2205082000000000"), bytes(24))]


def test_a_process_whose_parent_has_gone_is_told():
    identity.die_with(FakeKernel(), os.getppid())
    with pytest.raises(ProcessLookupError, match="the parent, 1, has gone"):
        identity.die_with(FakeKernel(), 1)
