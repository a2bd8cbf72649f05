"""What is to become of each attack on the system: which layers stop it, and how it looks.

Each of the layers named is enough alone, as seen from an ordinary user on the newest Landlock.
`rights` are those that such a user lacks anyway, `nothing` means that there is nothing to find.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

REFUSED = frozenset({"EPERM", "EACCES"})
MISSED = frozenset({"Missed"})
# The process is ended for it, which no code of its own can hide.
KILLED = frozenset({"SIGSYS"})

_STOPPED_BY = {
    "landlock": """
        read_database list_folder list_root read_passwords planted_link read_links_of_core
        read_environment_of_core read_memory_of_core read_maps_of_core list_descriptors_of_core
        open_descriptor_of_core read_through_root_of_core read_command_of_core list_processes
        open_named_memory
        """,
    "seccomp": """
        read_by_handle change_mode change_mode_of_own_code change_mode_by_descriptor change_owner
        change_times change_attributes lock_own_code tcp6 udp multipath_tcp netlink vsock
        every_family unix_stream_by_path unix_datagram_by_path unix_bind_abstract
        pair_connects_elsewhere pair_sends_elsewhere pass_descriptor receive_descriptor
        attach_filter open_process open_itself signal_own_group signal_by_owner slow_core_down
        idle_core pin_core last_in_line_for_disk limit_core read_limits_of_core outlive_parent
        leave_session fork fork_by_clone fork_in_disguise clone_into_namespace clone3
        file_in_memory secret_memory thirty_two_bit_call add_key read_session_keyring
        open_shared_memory make_shared_memory make_semaphores make_message_queue page_faults
        unshare_users unshare_files watch_folder personality dump_itself
        """,
    "landlock seccomp": """
        read_by_descriptor_path read_after_chdir read_by_openat2 read_by_open_tree
        truncate_database truncate_while_opening truncate_own_code create_file
        create_in_own_folder create_temporary_file create_unnamed_file symbolic_link hard_link
        rename_database unlink_database make_folder remove_folder make_pipe lock_database tcp
        tcp_listen name_lookup unix_abstract unix_bind trace read_memory_by_call
        write_memory_by_call take_descriptor signal_by_descriptor signal_core signal_supervisor
        signal_parent signal_neighbour signal_group_of_core signal_thread_of_core queue_signal
        see_whether_core_lives move_pages_of_core compare_with_core robust_list_of_core
        vfork_and_run spawn system execute execute_interpreter execute_by_descriptor
        wrapped_number
        """,
    "landlock seccomp rlimits": """
        write_database append_to_database overwrite_own_code write_own_memory make_named_memory
        large_file
        """,
    "seccomp rlimits": "execute_from_memory io_uring posix_queue locked_memory",
    "seccomp rights": """
        make_device raw packet express_data hurry_itself real_time become_root become_another
        bpf_map performance_events mount join_namespace change_root watch_machine
        read_kernel_log name_machine
        """,
    "uid rights": "read_private_file",
    "capabilities rights": "read_forbidden_file",
    "rlimits": "memory memory_at_once threads descriptors",
    "rlimits rights": "raise_own_limits",
    # Not there on every kernel, or refused by every kernel; the filter does not even let it ask.
    "seccomp nothing": """
        bluetooth algorithms x32_call x32_fork number_out_of_range request_key pivot_root
        alternative_filter
        """,
    "nothing": """
        read_own_environment read_own_memory inherited_descriptors use_standing_sockets
        ignore_deadline deep_recursion
        """,
    # docs/security.md says so: what exists can be told, and a process can end itself.
    "": "tell_existence broken_stack",
}
_NOTHING_THERE = ("read_own_environment", "inherited_descriptors", "use_standing_sockets")
_LOOKS = {
    **dict.fromkeys(_NOTHING_THERE, MISSED),
    **dict.fromkeys(("thirty_two_bit_call", "x32_call", "x32_fork"), KILLED),
    **dict.fromkeys(("clone3", "read_by_openat2", "number_out_of_range"), frozenset({"ENOSYS"})),
    **dict.fromkeys(("memory", "memory_at_once"), frozenset({"MemoryError"})),
    "name_lookup": frozenset({"gaierror"}),
    "threads": frozenset({"RuntimeError"}),
    "descriptors": frozenset({"EMFILE"}),
    "raise_own_limits": frozenset({"ValueError"}),
    "deep_recursion": frozenset({"RecursionError"}),
    "ignore_deadline": frozenset({"EINVAL"}),
}  # fmt: skip
SWITCHED = frozenset({"landlock", "seccomp"})


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """One attack by name; `stopped_by` are layers that each stop it, `looks` how that is told."""

    name: str
    stopped_by: frozenset[str]
    looks: frozenset[str]

    @property
    def tries(self) -> str:
        """Say what it tries."""
        return self.name.replace("_", " ")

    def gets_through(self, without: frozenset[str]) -> bool:
        """Tell whether it succeeds for an ordinary user with these layers switched off."""
        return not self.stopped_by - without

    def wonders(self, outcome: Mapping[str, Any]) -> bool:
        """Tell whether an outcome under all locks is not the one expected."""
        if not self.stopped_by:
            return not (succeeded(outcome) or "killed" in outcome)
        return looks_of(outcome) not in self.looks


def looks_of(outcome: Mapping[str, Any]) -> str:
    """Name the error or the signal; "" where there was none."""
    return str(outcome.get("how") or outcome.get("killed") or "")


def succeeded(outcome: Mapping[str, Any]) -> bool:
    """Tell whether an attack got through: it says so, or became another program."""
    return "went_through" in outcome or outcome.get("ended") == 0


EXPECTED: Mapping[str, Expectation] = MappingProxyType(
    {
        name: Expectation(
            name=name, stopped_by=frozenset(layers.split()), looks=_LOOKS.get(name, REFUSED)
        )
        for layers, names in _STOPPED_BY.items()
        for name in names.split()
    }
)
BOMBS = frozenset(
    {
        "broken_stack", "deep_recursion", "descriptors", "large_file", "locked_memory", "memory",
        "memory_at_once", "threads",
    }
)  # fmt: skip
"""Only tried under limits: without them they would hit the machine that the tests run on."""
ENDINGS = frozenset(
    {
        "abort", "binary_log", "close_everything", "endless_loop", "endless_pattern",
        "exit_at_once", "exit_python", "kill_itself", "log_flood", "stop_itself", "wild_pointer",
    }
)  # fmt: skip
"""What a host can always do to itself: there the core and the supervisor have to cope."""
