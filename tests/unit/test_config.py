"""Settings: every variable is read, and a wrong one is named with the form expected."""

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from geminicrm.config import KEY_FILE, ConfigurationError, Settings

KEY = Fernet.generate_key().decode()
PRODUCTION = {"GEMINICRM_PUBLIC_URL": "https://crm.example", "GEMINICRM_ENCRYPTION_KEYS": KEY}


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def _development(**changes):
    return Settings.from_env({"GEMINICRM_ENV": "development", **changes})


def test_production_is_the_default_and_strict():
    settings = Settings.from_env(PRODUCTION)
    assert settings.env == "production"
    assert settings.production
    assert settings.secure
    assert settings.database_url == f"sqlite:///{Path('var').absolute()}/geminicrm.db"
    assert not settings.allow_unsigned


@pytest.mark.parametrize("missing", PRODUCTION)
def test_production_does_not_start_without(missing):
    with pytest.raises(ConfigurationError, match=missing):
        Settings.from_env({k: v for k, v in PRODUCTION.items() if k != missing})


def test_development_makes_itself_a_key_that_only_the_owner_reads():
    first = _development()
    path = first.home / KEY_FILE
    assert path.stat().st_mode & 0o777 == 0o600
    assert _development().encryption_keys == first.encryption_keys
    assert first.public_url == "http://127.0.0.1:8000"
    assert not first.secure


def test_the_environment_wins_over_the_file(tmp_path):
    (tmp_path / ".env").write_text("PORT=9001\nGEMINICRM_WEB_WORKERS=3\nEMPTY\n")
    settings = _development(PORT="9002")
    assert (settings.port, settings.web_workers) == (9002, 3)


def test_a_command_means_what_the_last_server_of_its_home_had():
    served = _development(PORT="9003")
    served.remember()
    found = Settings.for_command({})
    assert (found.env, found.port, found.public_url) == ("development", 9003, served.public_url)
    assert Settings.for_command({"PORT": "9004"}).port == 9004


def test_a_command_may_call_what_the_server_may_unless_it_is_told_otherwise():
    name = "GEMINICRM_EGRESS_ALLOW"
    _development(GEMINICRM_EGRESS_ALLOW="10.0.0.0/8, localhost:9000").remember()
    assert Settings.for_command({}).egress_allow == ("10.0.0.0/8", "localhost:9000")
    assert Settings.for_command({name: ""}).egress_allow == ()
    _development(GEMINICRM_SHARED_VALUES_FOR="north").remember()
    found = Settings.for_command({})
    assert (found.egress_allow, found.shared_values_for) == ((), ("north",))


def test_a_server_takes_nothing_from_the_server_before():
    _development().remember()
    with pytest.raises(ConfigurationError, match="GEMINICRM_PUBLIC_URL"):
        Settings.from_env({})


def test_a_command_on_a_home_that_nobody_served_is_strict():
    with pytest.raises(ConfigurationError, match="GEMINICRM_PUBLIC_URL"):
        Settings.for_command({})


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_postgresql_is_understood(scheme):
    settings = _development(GEMINICRM_DATABASE_URL=f"{scheme}://u@h/d")
    assert settings.database_url == "postgresql+psycopg://u@h/d"


def test_lists_flags_and_numbers_are_read():
    settings = _development(
        GEMINICRM_EGRESS_ALLOW="10.0.0.0/8, localhost:9000",
        GEMINICRM_ALLOW_UNSIGNED="Yes",
        GEMINICRM_LOG_LEVEL="debug",
        GEMINICRM_EXTENSION_SECONDS="2.5",
        REDIS_URL="redis://localhost/0",
    )
    assert settings.egress_allow == ("10.0.0.0/8", "localhost:9000")
    assert settings.allow_unsigned
    assert settings.log_level == "DEBUG"
    assert settings.extension_seconds == 2.5
    assert settings.redis_url == "redis://localhost/0"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GEMINICRM_ENV", "prod"),
        ("PORT", "0"),
        ("PORT", "http"),
        ("GEMINICRM_WEB_WORKERS", "65"),
        ("GEMINICRM_WEB_THREADS", "-1"),
        ("GEMINICRM_PUBLIC_URL", "crm.example"),
        ("GEMINICRM_DATABASE_URL", "mysql://x"),
        ("GEMINICRM_ENCRYPTION_KEYS", "short"),
        ("GEMINICRM_EGRESS_ALLOW", "everything"),
        ("GEMINICRM_LOG_LEVEL", "LOUD"),
        ("GEMINICRM_ALLOW_UNSIGNED", "perhaps"),
        ("GEMINICRM_RELAY_POLL_SECONDS", "0"),
        ("GEMINICRM_EXTENSION_SECONDS", "soon"),
        ("GEMINICRM_SESSION_DAYS", "400"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_expected(name, value):
    with pytest.raises(ConfigurationError, match="expected") as caught:
        _development(**{name: value})
    assert caught.value.name == name


def test_a_wrong_key_is_not_shown_whole():
    with pytest.raises(ConfigurationError) as caught:
        _development(GEMINICRM_ENCRYPTION_KEYS="a-secret-that-must-not-show")
    assert "must-not-show" not in str(caught.value)
