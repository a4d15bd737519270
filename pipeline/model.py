"""What flows through the pipeline: records, blocks, batches, stories, rejects.

All of it is frozen, so that a step cannot change what another one holds. The columns of the lake
are not described here but in `schemas/`; `pipeline.store.schema.rows` turns these types into
columns.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

RejectKind = Literal[
    "empty",
    "too_large",
    "unknown_format",
    "undecodable",
    "malformed",
    "no_text",
    "enrich_failed",
    "parse_failed",
    "skipped.repeat",
    "skipped.not_a_story",
    "skipped.filtered",
    "skipped.expired",
    "skipped.corrupt",
    "skipped.deleted",
]
"""The closed set of reasons why an item is no story. `skipped.…` kinds are not failures."""

UNREAD: tuple[RejectKind, ...] = ("skipped.expired", "skipped.corrupt")
"""Kinds that stand for offsets which the reader could not get: they are of no record."""

Stage = Literal["read", "parse", "enrich", "write"]

SKIPPED = "skipped."

Coordinates = tuple[str, int, int]
"""Source, offset and item: where an item stands."""

TRUNCATED_HEADER = "dateline-truncated"
DAMAGED_HEADER = "dateline-damaged"
SKIPPED_HEADER = "dateline-skipped"
"""Headers of a record that an archive could not deliver whole, and that is no story therefore.

More bytes than are read of one; bytes that break off or are broken (the value is the reason); a
member that is left out (likewise). They go along when the record is published.
"""

INCOMPLETE = ("damaged in its archive: ", "the record is too large: only its first ")
"""How the messages begin of rejects that do not hold all bytes of their record."""


Origin = tuple[str, int, int]
"""Source, offset and item of the reject whose bytes are read again (see `store.runs.retry`)."""


@dataclass(frozen=True, slots=True)
class Record:
    """Holds what Kafka or an archive delivers.

    `source` names the partition or archive (see `pipeline.source`), `offset` counts within it,
    `received_at` is the record's own Kafka timestamp and is None in replay. `held` is set where the
    lake holds these bytes already and enriches them anew: the story that it holds of them. `origin`
    is set where the bytes of a reject are read again, here and in the items that they give.
    `time_fault` says why a timestamp that the record has counts as none: its items tell it.
    """

    source: str
    offset: int
    value: bytes
    key: bytes | None = None
    headers: tuple[tuple[str, bytes], ...] = ()
    received_at: datetime | None = None
    held: Story | None = None
    origin: Origin | None = None
    time_fault: str | None = None


def headers_for(charset: str | None, provider: str | None) -> tuple[tuple[str, bytes], ...]:
    """Return headers of a record that say so of bytes which are read once more."""
    said = (
        ("content-type", charset and f"text/plain; charset={charset}"),
        ("provider", provider),
    )
    return tuple((name, value.encode()) for name, value in said if value)


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive records `[start, end)` of one source: the unit of accounting.

    `end` is the consumer's position, not the last offset + 1: transaction markers and compaction
    leave offsets without a record. `items` is known once the block was parsed.
    """

    source: str
    start: int
    end: int
    records: int = 0
    items: int = 0
    leader_epoch: int | None = None

    @property
    def gaps(self) -> int:
        """Offsets of the block that held no record."""
        return self.end - self.start - self.records


@dataclass(frozen=True, slots=True)
class Batch:
    """Blocks of one group, read together: the unit of enriching and committing.

    At most one block a source. `rejects` holds what the reader itself has to report (offsets
    that it cannot get, and that the configuration allows to skip).
    """

    group: int
    blocks: tuple[Block, ...]
    records: tuple[Record, ...]
    rejects: tuple[Reject, ...] = ()


@dataclass(frozen=True, slots=True)
class Code:
    """A subject code as delivered: its scheme, value, and name where given.

    `role` tells what the provider uses it for: `topic`, `place`, `person`, `organisation`,
    `exchange`, `genre`, `keyword`.
    """

    scheme: str
    value: str
    role: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Relation:
    """Another story that a story names.

    `role` says how they belong together: `replaces`, `replaced_by`, `previous` (an earlier
    version), `part_of`, `has_part`, `related`. `id` is the other story's id as the provider
    writes it.
    """

    role: str
    id: str


@dataclass(frozen=True, slots=True)
class Content:
    """What one revision of one article says; see `schemas/stories` for the meaning of each field.

    `paragraphs` hold the body in order, without markup, header lines or sign-off.
    `published_precision` is `day` where only the day was given: `published_at` is then midnight
    UTC. `version_time` is the provider's own time of this revision, `revision_mark` what it calls
    it (`UPDATE 2`, `1st Lead`, `KILL`). All times are UTC; `utc_offset_min` is the offset in which
    the provider wrote `published_at`. `urgency` runs from 1 (flash) to 9. `captions` are texts of
    pictures and tables' titles, which are no part of the body; `summary` is the provider's
    abstract. `format_version` is the version of the wire format that the item declares.
    `is_partial` is whether the revision holds only a part of its article (an add, a later take): it
    never replaces a whole one.
    """

    headline: str
    paragraphs: tuple[str, ...]
    version: int = 1
    version_time: datetime | None = None
    status: str = "usable"
    provider: str | None = None
    provider_id: str | None = None
    slugline: str | None = None
    bylines: tuple[str, ...] = ()
    dateline: str | None = None
    language: str | None = None
    published_at: datetime | None = None
    published_precision: Literal["day", "minute", "second"] | None = None
    embargo_until: datetime | None = None
    codes: tuple[Code, ...] = ()
    warnings: tuple[str, ...] = ()
    urgency: int | None = None
    keywords: tuple[str, ...] = ()
    rights: str | None = None
    usage_terms: str | None = None
    editor_note: str | None = None
    summary: str | None = None
    captions: tuple[str, ...] = ()
    related: tuple[Relation, ...] = ()
    created_at: datetime | None = None
    updated_at: datetime | None = None
    utc_offset_min: int | None = None
    dateline_places: tuple[str, ...] = ()
    dateline_date: date | None = None
    revision_mark: str | None = None
    format_version: str | None = None
    is_partial: bool = False

    @property
    def body(self) -> str:
        """The paragraphs with a blank line between them; offsets of mentions count in it."""
        return "\n\n".join(self.paragraphs)

    @property
    def date(self) -> date | None:
        """The UTC day of publication: the first partition key."""
        return self.published_at.date() if self.published_at else None


def content_hash(headline: str, paragraphs: Iterable[str], status: str) -> str:
    """Return the SHA-256 (hex) of the normalised headline and paragraphs and the status.

    Compatibility-normalised, case and blanks folded: two deliveries with one hash say the same.
    """
    text = "\n".join((headline, *paragraphs))
    normal = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    joined = f"{normal}\x1f{status}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(joined).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Story(Content):
    """A revision with its coordinates and ids. `raw` is the item as delivered (the record's bytes
    where it holds one item); `parse_id` says which versions of the parser made it (see
    `pipeline.stages`). `charset` is the one that a header of the record named for the bytes."""

    source: str
    offset: int
    item: int
    format: str
    story_id: str
    revision_id: str
    content_hash: str
    raw: bytes
    received_at: datetime | None = None
    origin: Origin | None = None
    parse_id: str | None = None
    charset: str | None = None


@dataclass(frozen=True, slots=True)
class Reject:
    """An item that did not become a story: a failure, or a skip (kind `skipped.…`).

    `evidence` says where in the input the fault lies (a byte offset, a path). `raw` holds the
    bytes of failures; skips need none. `end_offset` is where offsets end that could not be read:
    the reject stands for all from its own on that have no item of their own. `charset` and
    `provider` are what the record's headers said of the bytes.
    """

    source: str
    offset: int
    item: int
    kind: RejectKind
    stage: Stage
    message: str
    evidence: str | None = None
    raw: bytes | None = None
    received_at: datetime | None = None
    revision_id: str | None = None
    origin: Origin | None = None
    end_offset: int | None = None
    charset: str | None = None
    provider: str | None = None

    @property
    def is_skip(self) -> bool:
        """Whether this is a decision not to keep, rather than a failure."""
        return self.kind.startswith(SKIPPED)


Item = Story | Reject


@dataclass(frozen=True, slots=True)
class ParsedBatch:
    """A batch after parsing: every item of every record is a story or a reject."""

    group: int
    blocks: tuple[Block, ...]
    stories: tuple[Story, ...]
    rejects: tuple[Reject, ...]


@dataclass(frozen=True, slots=True)
class Mention:
    """One place where an entity is named.

    `start` and `end` count characters of the story's `text` for enrichment: the headline, a blank
    line, then the body (`headline + "\\n\\n" + body`). `sentence` is the index of the sentence in
    that text, headline included as sentence 0. `metonym` says that a place's name stands for the
    government that sits there ("Washington said").
    """

    start: int
    end: int
    text: str
    sentence: int
    metonym: bool = False


@dataclass(frozen=True, slots=True)
class Location:
    """Says where a place lies: its GeoNames id, degrees north and east, first-level division.

    `exactness` says what the coordinates are of: a `city`, or the middle of the towns of a division
    (`admin1`) or of a `country`. `admin1` is GeoNames' code of the division.
    """

    exactness: Literal["city", "admin1", "country"]
    geonames_id: int | None = None
    latitude: float | None = None
    longitude: float | None = None
    admin1: str | None = None


@dataclass(frozen=True, slots=True)
class Entity:
    """Someone or something that a story names, all its mentions merged.

    `kind` is spaCy's label (PERSON, ORG, GPE, LOC, NORP, FAC, EVENT, PRODUCT …), `country` ISO
    3166-1 alpha-3 where the text or the gazetteer tells it, `role` what the text says a person or
    body is (`president`, `secretary of state`). `salience` is in 0..1. `entity_id` is the same for
    the same name in every story (see `pipeline.enrich.entities.identity`); `aliases` are the other
    words that the story names it by, in order of first use.
    """

    name: str
    kind: str
    mentions: tuple[Mention, ...]
    country: str | None = None
    role: str | None = None
    salience: float = 0.0
    entity_id: str | None = None
    aliases: tuple[str, ...] = ()
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """One side of an event: the words, the canonical entity, its country and its role.

    `start` and `end` are the words' place in the text (see `Mention`); where a pronoun stands in
    the sentence, those of the name that it stands for. `label` is what the side is called in any
    case, `state` the name of its country, `code` the actor in CAMEO's form (`SYRREB`).
    `resolved_by` says what told who is meant where the words alone do not: `pronoun`, `story`,
    `place`, `other_side`; `confidence` how sure that is. `location` is where the entity lies or, of
    whoever is no place, his country.
    """

    text: str
    name: str | None = None
    country: str | None = None
    role: str | None = None
    start: int | None = None
    end: int | None = None
    label: str | None = None
    entity_id: str | None = None
    state: str | None = None
    code: str | None = None
    resolved_by: str | None = None
    confidence: float = 1.0
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Says who did what to whom, as one sentence says it.

    `root`, `mode` and `contexts` are PLOVER's, `cameo` the code they stand for, `quad_class`
    CAMEO's (1 verbal cooperation, 2 material cooperation, 3 verbal conflict, 4 material conflict),
    `goldstein` the Goldstein scale's value for the code (-10..10). `sentence` is the sentence's
    text, `trigger` the words that name the act, `start` and `end` the trigger's place in the text
    (see `Mention`).
    `confidence` is in 0..1. `event_date` is the first day that the text gives for the act.
    `place_from` says what told the place: the act's own `clause`, the nearest place of its
    `sentence` or `paragraph`, the `target` or the `dateline`. `historical` says that the act lies
    long before the story and is told in passing.
    """

    root: str
    cameo: str
    sentence: str
    sentence_index: int
    trigger: str
    start: int
    end: int
    confidence: float
    quad_class: int
    goldstein: float
    mode: str | None = None
    source: Actor | None = None
    target: Actor | None = None
    event_date: date | None = None
    event_date_end: date | None = None
    place: str | None = None
    place_country: str | None = None
    place_location: Location | None = None
    place_from: str | None = None
    historical: bool = False
    from_headline: bool = False
    from_lead: bool = False
    negated: bool = False
    hypothetical: bool = False
    contexts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RegionEvidence:
    """One reason for the choice of a story's region.

    `kind` is where the words stand or what they are (`dateline`, `headline`, `lead`, `body`,
    `currency`, `exchange`, `company`, `code`), `text` the words, `country` the ISO 3166-1 alpha-3
    code that they speak for (None for a region without a country), `weight` what they added.
    """

    kind: str
    text: str
    country: str | None
    weight: float


@dataclass(frozen=True, slots=True)
class Topic:
    """A subject of a story: a code of the top level of the IPTC's Media Topics.

    `derived` tells a code found by rules, with the share of all evidence (0..1) that speaks for it
    and the words that do, from one that the provider gave (weight 1, no evidence).
    """

    code: str
    name: str
    weight: float
    derived: bool = True
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EnrichedStory:
    """A story with what was found in it.

    `language` is an ISO 639-1 code. `region` is the slug of the primary UN M49 sub-region
    (`western-asia`) or `unknown`, `regions` and `countries` all of them, by weight of evidence,
    heaviest first. `status` is `enriched`, or says what is missing: `no_events` (no event coder for
    this language), `no_model` (no entities either, as there is no model for it), `no_text`,
    `truncated`: only the beginning of a very long text was read, or `not_enriched`: nobody looked.
    `region_evidence` holds what the regions were chosen by, heaviest first. `topics` are at most
    two, the surest first.
    """

    story: Story
    language: str | None
    region: str
    regions: tuple[str, ...]
    countries: tuple[str, ...]
    entities: tuple[Entity, ...]
    events: tuple[Event, ...]
    enrichment_id: str
    status: Literal["enriched", "no_events", "no_model", "no_text", "not_enriched", "truncated"] = (
        "enriched"
    )
    dateline_country: str | None = None
    dateline_location: Location | None = None
    region_evidence: tuple[RegionEvidence, ...] = ()
    topics: tuple[Topic, ...] = ()


@dataclass(frozen=True, slots=True)
class EnrichedBatch:
    """A batch ready to be written.

    `unenriched` are stories whose revision the lake was seen to hold already, or that repeat one of
    the batch: they were spared the work, and become skips where that still holds.
    """

    group: int
    blocks: tuple[Block, ...]
    stories: tuple[EnrichedStory, ...]
    rejects: tuple[Reject, ...]
    enrichment_id: str = ""
    unenriched: tuple[Story, ...] = ()

    def coordinates(self) -> Iterator[Coordinates]:
        """Yield source, offset and item of everything in the batch, stories first."""
        for story in (*(found.story for found in self.stories), *self.unenriched):
            yield story.source, story.offset, story.item
        for reject in self.rejects:
            yield reject.source, reject.offset, reject.item
