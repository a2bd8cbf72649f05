"""The fixtures that every test may ask for; pytest wants plugins named at the root."""

pytest_plugins = (
    "pytester",
    "tests.support.browser",
    "tests.support.core",
    "tests.support.databases",
    "tests.support.life",
    "tests.support.host_in_process",
    "tests.support.installed",
    "tests.support.logging",
    "tests.support.loopback",
    "tests.support.postgres",
    "tests.support.process",
    "tests.support.receiver",
    "tests.support.redis_server",
    "tests.support.sample_extensions",
    "tests.support.fake_hosts",
    "tests.support.sampling",
    "tests.support.skips",
    "tests.support.terminal",
    "tests.support.wheels",
)
