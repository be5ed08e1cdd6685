"""Settings: read from the environment, a file or `.env`; a bad one is told in one sentence."""

import stat
from pathlib import Path

import pytest

from zwai.settings import BadSetting, Settings, load_settings, secret_key

KEY = "k" * 32


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working folder without `.env`."""
    monkeypatch.chdir(tmp_path)


def test_everything_has_a_default():
    assert load_settings({}) == Settings()


def test_the_environment_is_read_by_type():
    settings = load_settings({"ZWAI_PORT": "8080", "ZWAI_DATA_DIR": "/srv/food", "ZWAI_RATE_LIMITS": "off"})
    assert (settings.port, settings.data_dir, settings.rate_limits) == (8080, Path("/srv/food"), "off")


def test_the_environment_goes_before_the_file():
    Path(".env").write_text("ZWAI_PORT=1\nZWAI_HOST=0.0.0.0\n")
    settings = load_settings({"ZWAI_PORT": "2"})
    assert (settings.port, settings.host) == (2, "0.0.0.0")


def test_an_empty_value_is_no_value():
    assert load_settings({"ZWAI_PORT": "", "ZWAI_DATA_DIR": ""}) == Settings()


def test_a_secret_can_be_read_from_a_file():
    Path("key").write_text(f"{KEY}\n")
    assert load_settings({"ZWAI_SECRET_KEY_FILE": "key"}).secret_key == KEY


def test_a_secret_is_not_shown():
    assert KEY not in repr(load_settings({"ZWAI_SECRET_KEY": KEY}))


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("ZWAI_PROT", "3000", "ZWAI_PROT is not a setting"),
        ("ZWAI_PORT", "three", "ZWAI_PORT must be a whole number, not 'three'"),
        ("ZWAI_PORT", "65536", "ZWAI_PORT must be at most 65535"),
        ("ZWAI_PORT", "-1", "ZWAI_PORT must be at least 0"),
        ("ZWAI_PORT_FILE", "key", "ZWAI_PORT_FILE is not a setting"),
        ("ZWAI_MAX_PHOTOS", "0", "ZWAI_MAX_PHOTOS must be at least 1"),
        ("ZWAI_LIMIT_SIGN_IN", "0", "ZWAI_LIMIT_SIGN_IN must be at least 1"),
        ("ZWAI_PROFILE", "cloud", "ZWAI_PROFILE must be embedded"),
        ("ZWAI_RECOGNITION", "both", "ZWAI_RECOGNITION must be local-first or gemini-first or local"),
        ("ZWAI_GEMINI_URL", "gemini", "ZWAI_GEMINI_URL must begin with http"),
        ("ZWAI_AI_PRICE_IN", "ten", "ZWAI_AI_PRICE_IN must be a number"),
        ("ZWAI_AI_PRICE_OUT", "-1", "ZWAI_AI_PRICE_OUT must be a number"),
        ("ZWAI_AI_A_DAY", "0", "ZWAI_AI_A_DAY must be at least 1"),
        ("ZWAI_RATE_LIMITS", "no", "ZWAI_RATE_LIMITS must be on or off"),
        ("ZWAI_LOG_LEVEL", "LOUD", "ZWAI_LOG_LEVEL must be DEBUG or INFO"),
        ("ZWAI_PUBLIC_URL", "food.example", "ZWAI_PUBLIC_URL must begin with http"),
        ("ZWAI_TIME_ZONE", "Lima", "there is no time zone 'Lima'"),
        ("ZWAI_TIME_ZONE", "../passwd", "there is no time zone"),
        ("ZWAI_SECRET_KEY", "short", "ZWAI_SECRET_KEY must have at least 32 characters"),
        ("ZWAI_SECRET_KEY_FILE", "missing", "cannot read missing: No such file"),
    ],
)
def test_a_bad_setting_is_told_by_name(variable: str, value: str, said: str):
    with pytest.raises(BadSetting, match=r"^ZWAI_[^\n]+\.$") as caught:
        load_settings({variable: value})
    assert said in str(caught.value)


@pytest.mark.parametrize("variable", ["ZWAI_REDIS_URL", "ZWAI_QUEUE_URL"])
@pytest.mark.parametrize("url", ["localhost:6379", "redis://localhost:port", "redis://:pass#word@localhost"])
def test_an_address_of_redis_that_is_none_is_told_by_name(variable: str, url: str):
    scaled = {"ZWAI_PROFILE": "scaled", "ZWAI_SECRET_KEY": KEY, "ZWAI_DATABASE_URL": "mysql+asyncmy://localhost/zwai"}
    redis = {"ZWAI_REDIS_URL": "redis://localhost:6379/0", "ZWAI_QUEUE_URL": "rediss://:word@localhost"}
    load_settings({**scaled, **redis})
    with pytest.raises(BadSetting, match=f"^{variable} must be an address") as caught:
        load_settings({**scaled, **redis, variable: url})
    assert url not in str(caught.value)


@pytest.mark.parametrize("variable", ["ZWAI_DATABASE_URL", "ZWAI_DATABASE_REPLICA_URLS"])
@pytest.mark.parametrize(
    "url", ["sqlite:///zwai.db", "mysql+asyncmy://localhost:port/zwai", "mysql+asyncmy://z:a#b@h/z"]
)
def test_an_address_of_a_database_that_is_none_is_told_by_name(variable: str, url: str):
    redis = {"ZWAI_REDIS_URL": "redis://localhost:6379/0", "ZWAI_QUEUE_URL": "redis://localhost:6380/0"}
    scaled = {"ZWAI_PROFILE": "scaled", "ZWAI_SECRET_KEY": KEY, "ZWAI_DATABASE_URL": "mysql+asyncmy://localhost/zwai"}
    with pytest.raises(BadSetting, match=f"^{variable} must be an address") as caught:
        load_settings({**scaled, **redis, variable: url})
    assert url not in str(caught.value)


def test_a_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path):
    settings = Settings(data_dir=tmp_path)
    key = secret_key(settings)
    assert len(key) >= 32
    assert secret_key(settings) == key
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_a_key_that_was_given_is_not_written_down(tmp_path: Path):
    assert secret_key(Settings(data_dir=tmp_path, secret_key=KEY)) == KEY
    assert not (tmp_path / "secret_key").exists()


def test_an_empty_key_file_stops_the_start(tmp_path: Path):
    (tmp_path / "secret_key").touch()
    with pytest.raises(BadSetting, match="not a key"):
        secret_key(Settings(data_dir=tmp_path))
