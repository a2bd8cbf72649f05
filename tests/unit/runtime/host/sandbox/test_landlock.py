"""Our Landlock against landlockpy, which knows nothing of us."""

import struct
from pathlib import Path

import landlockpy
import pytest
from landlockpy._syscall import PathBeneathAttr, RulesetAttr

from geminicrm.runtime.host.sandbox import landlock
from geminicrm.runtime.host.sandbox.kernel import Kernel
from tests.support.fake_kernel import FakeKernel

ABIS = range(1, 12)


@pytest.fixture
def kernel() -> FakeKernel:
    return FakeKernel(answers={"landlock_create_ruleset": 7})


@pytest.mark.parametrize("abi", ABIS)
def test_each_abi_refuses_all_that_it_can(abi: int):
    ours = landlock.handled_by(abi)
    assert ours.files == landlockpy.fs_for_abi(abi)
    assert ours.network == landlockpy.net_for_abi(abi)
    assert ours.scopes == landlockpy.scope_for_abi(abi)


def test_the_newest_abi_is_the_newest_known():
    assert landlock.NEWEST == landlockpy.flags.LATEST_ABI


def test_only_reading_is_granted():
    rights = landlockpy.AccessFS
    assert landlock.READ_FILE == rights.READ_FILE
    assert landlock.READ_DIR == rights.READ_DIR


def test_the_rule_set_is_packed_as_the_kernel_wants_it():
    theirs = RulesetAttr(1, 2, 3)
    assert bytes(theirs)[:24] == landlock.Handled(1, 2, 3).packed


def test_the_abi_is_what_the_other_library_sees():
    assert landlock.landlock_abi(Kernel()) == landlockpy.abi_version()


@pytest.mark.parametrize(("highest", "in_use"), [(None, 7), (1, 1), (4, 4), (99, 7)])
def test_a_highest_abi_masks_newer_ones(kernel: FakeKernel, highest: int | None, in_use: int):
    assert landlock.restrict(kernel, (), highest) == in_use
    assert kernel.given("landlock_create_ruleset")[1] == (landlock.handled_by(in_use).packed, 24, 0)


def test_folders_grant_more_than_files(kernel: FakeKernel, tmp_path: Path):
    file = tmp_path / "file"
    file.touch()
    missing, below_a_file = tmp_path / "missing", file / "more"
    landlock.restrict(kernel, map(str, (tmp_path, missing, file, below_a_file)))
    rules = [struct.unpack("=Qi", given[2]) for given in kernel.given("landlock_add_rule")]
    assert [rights for rights, _ in rules] == [12, 4]
    theirs = PathBeneathAttr(12, rules[0][1])
    assert bytes(theirs) == kernel.given("landlock_add_rule")[0][2]


def test_nothing_stays_open(kernel: FakeKernel, tmp_path: Path):
    before = len(list(Path("/proc/self/fd").iterdir()))
    landlock.restrict(kernel, [str(tmp_path)])
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_path_that_cannot_be_looked_at_is_an_error(kernel: FakeKernel, tmp_path: Path):
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    with pytest.raises(OSError, match="symbolic links"):
        landlock.restrict(kernel, [str(loop)])
    assert kernel.given("landlock_restrict_self") == []
