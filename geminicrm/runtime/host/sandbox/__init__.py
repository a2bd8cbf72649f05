"""The locks of an extension host: Landlock, seccomp, limits, an identity without rights.

`lock.lock_up` applies them, `proof.prove` tries them, `machine.machine_level` says what there is.
Only the standard library; the kernel is called through libc.
"""
