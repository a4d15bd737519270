"""The configuration: what wins over what, and what is said when it is wrong."""

from __future__ import annotations

import json
import tomllib
import traceback
from pathlib import Path

import pytest

from pipeline.config import Settings, load, restore
from pipeline.errors import ConfigError
from pipeline.redact import MASK
from pipeline.secrecy import settings_shown, with_secrets, without_secrets

DEPLOY = Path(__file__).resolve().parents[1] / "deploy"


def test_the_reference_configuration_states_every_default() -> None:
    """Loading it changes nothing, and it leaves out only what has no value."""
    file = DEPLOY / "dateline.reference.toml"
    assert load(file) == load()
    stated = tomllib.loads(file.read_text())
    for section, fields in settings_shown(load()).items():
        unset = {name for name, value in fields.items() if value is None}
        assert set(stated[section]) | unset == set(fields)


def test_a_batch_is_larger_where_nothing_is_enriched() -> None:
    """Unless its size is set."""
    assert load().batch_records == 500
    assert load(None, {"enrich": {"mode": "none"}}).batch_records == 2000
    settings = {"enrich": {"mode": "none"}, "batch": {"max_records": 7}}
    assert load(None, settings).batch_records == 7


def test_the_minimal_configuration_loads() -> None:
    """It names brokers, topic and lake."""
    settings = load(DEPLOY / "dateline.minimal.toml")
    assert settings.lake.url == "/data/lake"
    assert settings.kafka.topics == ("wire",)


def test_command_line_over_environment_over_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Setting by setting, not section by section."""
    file = tmp_path / "c.toml"
    file.write_text('[lake]\nurl = "file"\nclean_interval_s = 7\n[kafka]\ngroup_id = "file"\n')
    monkeypatch.setenv("DATELINE_LAKE__URL", "environment")
    monkeypatch.setenv("DATELINE_KAFKA__GROUP_ID", "environment")
    settings = load(file, {"lake": {"url": "command"}})
    assert settings.lake.url == "command"
    assert settings.kafka.group_id == "environment"
    assert settings.lake.clean_interval_s == 7


def _another(value: object) -> object:
    """A value of the same kind that is not the default."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case _:
            return value


def test_what_a_file_says_of_any_section_holds(tmp_path: Path) -> None:
    """Whatever the section: none is read, found right and then left at its defaults."""
    said = {
        section: {
            name: _another(value)
            for name, value in fields.items()
            if isinstance(value, bool | int | float) and name != "shard"
        }
        for section, fields in load().model_dump().items()
    }
    assert {"kafka", "lake", "upkeep", "serve"} <= set(said)
    text = "".join(
        f"[{section}]\n" + "".join(f"{name} = {json.dumps(v)}\n" for name, v in fields.items())
        for section, fields in said.items()
    )
    file = tmp_path / "c.toml"
    file.write_text(text)
    found = load(file).model_dump()
    for section, fields in said.items():
        assert {name: found[section][name] for name in fields} == fields
    # A worker process gets them too.
    assert restore(json.loads(json.dumps(found))) == load(file)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[lak]\nurl = 'hush'\n", "wrong configuration: lak is no section; is lake meant?"),
        (
            "[kafka]\ntopic = ['hush']\n",
            "wrong configuration: kafka.topic is no setting; is kafka.topics meant?",
        ),
        ("[kafka]\nzz = 'hush'\n", "wrong configuration: kafka.zz is no setting"),
    ],
)
def test_a_misspelt_name_says_what_is_meant(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "c.toml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert str(caught.value) == message


@pytest.mark.parametrize("section", sorted(load().model_dump()))
def test_a_misspelt_setting_of_any_section_is_refused_and_never_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, section: str
) -> None:
    """By file and by variable; the section's own name too."""
    file = tmp_path / "c.toml"
    for text, named in (
        (f'[{section}]\npasswort = "hush"\n', "passwort"),
        (f'[{section}x]\npassword = "hush"\n', f"{section}x"),
    ):
        file.write_text(text)
        with pytest.raises(ConfigError, match=named) as caught:
            load(file)
        assert "hush" not in "".join(traceback.format_exception(caught.value))
    for variable in (f"DATELINE_{section.upper()}__PASSWORT", f"dateline_{section}x__password"):
        with monkeypatch.context() as set_to:
            set_to.setenv(variable, "hush")
            with pytest.raises(ConfigError) as caught:
                load()
        assert variable in str(caught.value) or "passwort" in str(caught.value)
        assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("variable", "value", "meant"),
    [
        ("DATELINE_LAKE_URL", "hush", "DATELINE_LAKE__URL"),
        ("DATELINE_LAKEURL", "s3://hush/lake", "DATELINE_LAKE__URL"),
        ("dateline_batch_maxrecords", "hush", "DATELINE_BATCH__MAX_RECORDS"),
    ],
)
def test_a_variable_with_too_few_underscores_is_refused(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, meant: str
) -> None:
    """What would be passed over says how it is meant; Kubernetes' own variables pass."""
    monkeypatch.setenv("DATELINE_SERVE_PORT", "tcp://10.0.0.7:8484")
    monkeypatch.setenv("DATELINE_FORMATS_X", "of nobody")
    load()
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError, match=meant) as caught:
        load()
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[batch]\nmax_records = 0\n", "batch.max_records"),
        ("[batch]\nmax_recrods = 5\n", "batch.max_recrods"),
        ("[kafka\n", "not TOML"),
        ("[nothing]\n", "nothing"),
    ],
)
def test_a_wrong_file_is_refused_by_name(tmp_path: Path, text: str, words: str) -> None:
    """The message names the setting, or the place."""
    file = tmp_path / "c.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=words):
        load(file)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """It is not taken for an empty one."""
    with pytest.raises(ConfigError, match="no such configuration file"):
        load(tmp_path / "none.toml")


def test_secrets_are_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither in `config show`, nor in a representation, nor in an error."""
    monkeypatch.setenv("DATELINE_LAKE__OPTIONS", json.dumps({"aws_secret_access_key": "hush1"}))
    monkeypatch.setenv(
        "DATELINE_KAFKA__CLIENT",
        json.dumps({"sasl_plain_password": "hush2", "security_protocol": "SASL_SSL"}),
    )
    settings = load()
    assert settings.lake.options["aws_secret_access_key"] == "hush1"
    assert "hush" not in json.dumps(settings_shown(settings)) + repr(settings)
    assert settings_shown(settings)["kafka"]["client"] == {
        "sasl_plain_password": MASK,
        "security_protocol": "SASL_SSL",
    }
    monkeypatch.setenv("DATELINE_LAKE__OPTIONS", '{"a": ["hush3"]}')
    with pytest.raises(ConfigError) as caught:
        load()
    assert "hush3" not in str(caught.value)


def test_the_file_of_a_secret_is_shown_and_a_password_in_a_url_is_not() -> None:
    client = {
        "sasl_plain_password_file": "/run/secrets/kafka",
        "proxy_url": "socks5://user:hu/s@h@proxy",
    }
    part = settings_shown(load(None, {"kafka": {"client": client}}))["kafka"]["client"]
    assert part == {
        "sasl_plain_password_file": "/run/secrets/kafka",
        "proxy_url": f"socks5://{MASK}@proxy",
    }


@pytest.mark.parametrize(
    ("section", "name"),
    [
        ("lake", "url"),
        ("flink", "rest_url"),
        ("flink", "savepoint_dir"),
        ("observe", "traces_endpoint"),
    ],
)
def test_a_password_in_a_url_is_refused(section: str, name: str) -> None:
    """It would be told in errors and sent along; a port, and a container of Azure, are none."""
    for url in ("s3://key:hush@bucket/lake", "s3://key:hu/s@h@bucket/lake"):
        with pytest.raises(ConfigError, match=rf"{section}\.{name}.*does not belong") as caught:
            load(None, {section: {name: url}})
        assert "hu" not in str(caught.value)
    for url in ("http://host:8081/a@b", "abfss://container@account.dfs.core.windows.net/lake"):
        load(None, {section: {name: url}})


def test_a_token_in_a_url_is_not_shown() -> None:
    told = settings_shown(load(None, {"observe": {"traces_endpoint": "https://hush@host/v1"}}))
    assert told["observe"]["traces_endpoint"] == f"https://{MASK}@host/v1"


@pytest.mark.parametrize("value", ["hush", '{"a": "hush"', '"hush"'])
def test_a_variable_that_is_no_json_is_told_without_its_value(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("DATELINE_LAKE__OPTIONS", value)
    with pytest.raises(ConfigError, match="lake") as caught:
        load()
    assert "hush" not in "".join(traceback.format_exception(caught.value))


def test_secrets_do_not_travel_and_are_found_again() -> None:
    """What a cluster is handed holds none; the worker's environment does, or it is told which."""
    client = {
        "sasl_plain_password": "hush1",
        "sasl_plain_username": "me",
        "proxy_url": "socks5://me:hush3@proxy",
    }
    options = {
        "AWS_SECRET_ACCESS_KEY": "hush2",
        "aws_sse_customer_key_base64": "hush4",
        "region": "x",
    }
    settings = load(None, {"kafka": {"client": client}, "lake": {"options": options}})
    travelling = without_secrets(settings)
    assert "hush" not in travelling.model_dump_json()
    there = {
        "DATELINE_KAFKA__CLIENT__SASL_PLAIN_PASSWORD": "hush1",
        "DATELINE_KAFKA__CLIENT__PROXY_URL": "socks5://me:hush3@proxy",
        "DATELINE_LAKE__OPTIONS__AWS_SECRET_ACCESS_KEY": "hush2",
        "DATELINE_LAKE__OPTIONS__AWS_SSE_CUSTOMER_KEY_BASE64": "hush4",
    }
    assert with_secrets(travelling, there) == settings
    assert with_secrets(settings, {}) == settings
    with pytest.raises(ConfigError, match="DATELINE_KAFKA__CLIENT__SASL_PLAIN_PASSWORD"):
        with_secrets(travelling, {})


def test_a_worker_gets_the_very_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever its environment says by then."""
    settings = load(None, {"batch": {"max_records": 9}, "job": {"workers": 3}})
    monkeypatch.setenv("DATELINE_BATCH__MAX_RECORDS", "1")
    again = restore(json.loads(json.dumps(settings.model_dump(mode="json"))))
    assert again == settings
    assert isinstance(again, Settings)
    assert again.groups == 3


@pytest.mark.parametrize(
    ("section", "part", "name", "meant"),
    [
        ("kafka", "client", "sasl_plain_passwort", "sasl_plain_password"),
        ("kafka", "client", "SSL_Keyfile", "ssl_keyfile"),
        ("kafka", "client", "nonsense", ""),
        ("kafka", "client", "auto_offset_reset", ""),
        ("lake", "options", "aws_secret_acess_key", "aws_secret_access_key"),
        ("lake", "options", "aws_brand_new_thing", ""),
        ("lake", "options", "endpoind_url", "endpoint_url"),
        ("lake", "options", "nonsense", ""),
    ],
)
def test_a_misspelt_key_of_a_free_table_is_refused_and_never_shown(
    section: str, part: str, name: str, meant: str
) -> None:
    """It may be a secret's: the message names the key and what was meant, never the value."""
    if name == "aws_brand_new_thing":
        # Like none of the known, of a provider's prefix: the store's to say.
        assert load(None, {section: {part: {name: "hush"}}}).lake.options == {name: "hush"}
        return
    with pytest.raises(ConfigError, match=name) as caught:
        load(None, {section: {part: {name: "hush"}}})
    assert "hush" not in str(caught.value)
    assert meant in str(caught.value)


def test_a_variable_of_no_section_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else what it says would be passed over in silence."""
    monkeypatch.setenv("DATELINE_KAFAK__TOPICS", '["hush"]')
    with pytest.raises(ConfigError, match="DATELINE_KAFAK__TOPICS") as caught:
        load()
    assert "hush" not in str(caught.value)


def test_a_topic_is_a_name_or_a_pattern() -> None:
    """One may stand by itself; what is neither is refused."""
    assert load(None, {"kafka": {"topics": "wire.*"}}).kafka.topics == ("wire.*",)
    for wrong in ("wire(", "", []):
        with pytest.raises(ConfigError, match="topics"):
            load(None, {"kafka": {"topics": wrong}})
