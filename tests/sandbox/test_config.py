"""Settings: what is silent has a default, and what is wrong is named before anything starts."""

from __future__ import annotations

import base64
import stat
import threading

import pytest

from sandbox.config import SettingError, read_settings


def settings(tmp_path, **environ):
    return read_settings({"SANDBOX_VAR_DIR": str(tmp_path / "var")} | environ)


def test_an_empty_environment_is_enough(tmp_path):
    read = settings(tmp_path)
    assert read.database_url == f"sqlite:///{tmp_path}/var/sandbox.sqlite3"
    assert (read.host, read.port, read.workers, read.session_hours) == ("127.0.0.1", 8000, 1, 10)
    assert not any((read.development, read.https, read.demonstration, read.official_masthead))


def test_blank_values_are_defaults(tmp_path):
    names = ("PORT", "HTTPS", "WORKERS", "PRIVATE_HUBS", "DATABASE_URL", "SECRET_KEY")
    assert settings(tmp_path, **{f"SANDBOX_{name}": "" for name in names}) == settings(tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SANDBOX_PORT", "eighty"),
        ("SANDBOX_PORT", "0"),
        ("SANDBOX_PORT", "65536"),
        ("SANDBOX_PORT", "80.5"),
        ("SANDBOX_SESSION_HOURS", "0"),
        ("SANDBOX_SESSION_HOURS", "337"),
        ("SANDBOX_HEARTBEAT_SECONDS", "-1"),
        ("SANDBOX_HEARTBEAT_SECONDS", "0"),
        ("SANDBOX_WORKERS", "many"),
        ("SANDBOX_WORKERS", "0"),
        ("SANDBOX_COLLECTORS", "13"),
        ("SANDBOX_DEVELOPMENT", "maybe"),
        ("SANDBOX_HTTPS", "2"),
        ("SANDBOX_DEMONSTRATION", "on please"),
        ("SANDBOX_OFFICIAL_MASTHEAD", "ja"),
        ("SANDBOX_DATABASE_URL", "mysql://user@host/name"),
        ("SANDBOX_DATABASE_URL", "postgresql+psycopg2://user@host/name"),
        ("SANDBOX_DATABASE_URL", "host/name"),
        ("SANDBOX_DATABASE_URL", "postgresql://user:secret@host:port/name"),
        ("SANDBOX_PRIVATE_HUBS", "10.0.3.7"),
        ("SANDBOX_PRIVATE_HUBS", "10.0.3.7:1026,hub"),
        ("SANDBOX_PRIVATE_HUBS", "http://10.0.3.7:1026"),
        ("SANDBOX_PRIVATE_HUBS", "10.0.3.7:broker"),
    ],
)
def test_a_bad_setting_names_itself(tmp_path, name, value):
    with pytest.raises(SettingError) as refusal:
        settings(tmp_path, **{name: value})
    assert str(refusal.value).startswith(f"{name}: ")
    assert "secret" not in str(refusal.value)


def test_a_var_folder_that_cannot_be_made_names_itself(tmp_path):
    (tmp_path / "var").write_text("a file")
    with pytest.raises(SettingError, match=r"^SANDBOX_VAR_DIR: "):
        settings(tmp_path)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_postgresql_is_reached_by_the_driver_that_is_installed(tmp_path, scheme):
    read = settings(tmp_path, SANDBOX_DATABASE_URL=f"{scheme}://user@host/name")
    assert read.database_url == "postgresql+psycopg://user@host/name"


@pytest.mark.parametrize("value", ["1", "true", "YES", " 1 "])
def test_a_flag_is_set_by_one_true_or_yes(tmp_path, value):
    assert settings(tmp_path, SANDBOX_HTTPS=value).https


def test_private_hubs_stand_in_a_row(tmp_path):
    given = "10.0.3.7:1026, 127.0.0.1:*,[::1]:8080, hub.city.example:9090,"
    read = settings(tmp_path, SANDBOX_PRIVATE_HUBS=given)
    assert read.private_hubs == ("10.0.3.7:1026", "127.0.0.1:*", "[::1]:8080", "hub.city.example:9090")


# -- the kept secret ----------------------------------------------------------------------------------


def test_a_secret_is_made_once_and_kept_for_its_owner_alone(tmp_path):
    first = settings(tmp_path).secret_key
    assert len(base64.urlsafe_b64decode(first)) == 32
    assert settings(tmp_path).secret_key == first
    assert stat.S_IMODE((tmp_path / "var" / "secret_key").stat().st_mode) == 0o600


def test_a_given_secret_is_not_kept(tmp_path):
    assert settings(tmp_path, SANDBOX_SECRET_KEY="mine").secret_key == "mine"
    assert not (tmp_path / "var" / "secret_key").exists()


def test_processes_that_start_together_share_one_secret(tmp_path):
    found, start = set(), threading.Barrier(8)

    def read():
        start.wait()
        found.add(settings(tmp_path).secret_key)

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 1
    names = sorted(path.name for path in (tmp_path / "var").iterdir())
    assert names == ["credential_key", "secret_key"]


def test_an_empty_kept_secret_signs_nothing(tmp_path):
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "secret_key").write_text("\n")
    with pytest.raises(SettingError, match=r"^SANDBOX_SECRET_KEY: "):
        settings(tmp_path)


def test_a_key_for_credentials_is_kept_and_fits(tmp_path):
    first = settings(tmp_path).credential_keys
    assert settings(tmp_path).credential_keys == first
    assert len(base64.urlsafe_b64decode(first[0])) == 32
    assert first[0] not in repr(settings(tmp_path))


def test_keys_for_credentials_are_named_newest_first(tmp_path):
    one, other = (base64.urlsafe_b64encode(bytes([n]) * 32).decode() for n in (1, 2))
    assert settings(tmp_path, SANDBOX_CREDENTIAL_KEYS=f"{one}, {other}").credential_keys == (one, other)


def test_a_key_of_another_length_is_refused(tmp_path):
    with pytest.raises(SettingError, match="SANDBOX_CREDENTIAL_KEYS"):
        settings(tmp_path, SANDBOX_CREDENTIAL_KEYS="c2hvcnQ=")
