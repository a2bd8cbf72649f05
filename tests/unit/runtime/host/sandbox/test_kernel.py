import ctypes
import errno
import os
import signal

import pytest

from geminicrm.runtime.host.sandbox.kernel import Kernel


@pytest.fixture
def kernel() -> Kernel:
    return Kernel()


def test_a_call_goes_by_its_name(kernel: Kernel):
    assert kernel.call("getppid") == os.getppid()


def test_buffers_go_by_their_address(kernel: Kernel):
    before = bytearray(8)
    kernel.call("getrandom", (ctypes.c_char * 8).from_buffer(before), 8, 0)
    assert before != bytes(8)


def test_a_refusal_is_an_error_with_the_kernels_reason(kernel: Kernel):
    with pytest.raises(OSError, match=r"close: Bad file descriptor") as caught:
        kernel.call("close", 9999)
    assert caught.value.errno == errno.EBADF


def test_the_options_of_prctl_may_be_short(kernel: Kernel):
    no_new_privs = 39  # PR_GET_NO_NEW_PRIVS
    assert kernel.prctl(no_new_privs) == 0


def test_an_unknown_option_is_refused(kernel: Kernel):
    with pytest.raises(OSError, match="Invalid argument"):
        kernel.prctl(9999, signal.SIGTERM)
