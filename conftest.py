"""The fixtures that every test may ask for; pytest wants plugins named at the root."""

pytest_plugins = (
    "pytester",
    "tests.support.browser",
    "tests.support.databases",
    "tests.support.postgres",
    "tests.support.process",
    "tests.support.redis_server",
    "tests.support.skips",
)
