"""The wire of a simulation: what topics and archives carry, how it is parsed and enriched.

Everything follows from a record's bytes and the code's version, as in production, in a thousandth
of the time.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random

from pipeline.model import Batch, EnrichedBatch, EnrichedStory, Record, Reject, Story
from pipeline.stages import StageSet, StageVersion
from tests.support.rows import NOON, PARAGRAPHS, a_reject, a_story, an_entity, an_event, enriched

REGIONS = ("western-asia", "oceania", "unknown")
_DAYS = 2
FAMILY = "family-"
_FORMAT = "plain"
_FAMILIES = 120
_TEXTS = 10
_WORDS, _CUT_WORDS = 30, 20

CODES = tuple(
    StageSet(f"{n}" * 16, enrich=(StageVersion("language", 1), StageVersion("events", n + 1)))
    for n in (1, 2)
)
"""The stages of the two versions of the code that are at work."""


def value(random: Random, earlier: Sequence[bytes]) -> bytes:
    """A record: bad, a repeat of an earlier one, or new, with one item or some."""
    chance = random.random()
    if chance < 0.1:
        return b"bad %d" % random.randrange(10**6)
    if chance < 0.25 and earlier:
        return random.choice(earlier)
    items = 1 if chance < 0.85 else random.randint(2, 3)
    return b"\n".join(_item(random) for _ in range(items))


def _item(random: Random) -> bytes:
    if random.random() < 0.1:
        return b"bad item"
    return b"story %d %d %d" % (
        random.randrange(_FAMILIES), random.randint(1, 3), random.randrange(_DAYS)
    )  # fmt: skip


def text_number(family: int) -> int:
    """Return which text the stories of a family have: those of one number are near-duplicates."""
    return family % _TEXTS


def _text(family: int) -> str:
    """A paragraph of no other number's words, cut short in each third family."""
    size = _CUT_WORDS if family // _TEXTS % 3 == 0 else _WORDS
    return " ".join(f"w{text_number(family)}x{n}" for n in range(size))


def parse(record: Record, code: StageSet) -> list[Story | Reject]:
    """The items of a record."""
    if record.held is not None:
        return [replace(record.held, parse_id=code.parse_id(_FORMAT))]
    found: list[Story | Reject] = []
    for n, line in enumerate(record.value.split(b"\n")):
        if not line.startswith(b"story"):
            found.append(a_reject(record.offset, n, source=record.source, raw=line))
            continue
        family, version, day = map(int, line.split()[1:])
        found.append(
            a_story(
                record.offset,
                n,
                source=record.source,
                story_id=f"{FAMILY}{family}",
                revision_id=hashlib.sha256(line).hexdigest()[:32],
                version=version,
                raw=line,
                paragraphs=(*PARAGRAPHS, _text(family)),
                embargo_until=NOON + timedelta(hours=version) if family % 5 == 0 else None,
                published_at=NOON + timedelta(days=day),
                parse_id=code.parse_id(_FORMAT),
            )
        )
    return found


def enrich(story: Story, code: StageSet) -> EnrichedStory:
    """What this version of the code finds in a story."""
    seed = int(hashlib.sha256(f"{story.revision_id}{code.id}".encode()).hexdigest()[:8], 16)
    events = [an_event(start=54 + n, end=61 + n) for n in range(seed // 7 % 3)]
    return enriched(
        story,
        region=REGIONS[seed % len(REGIONS)],
        entities=tuple(an_entity(f"Name {n}") for n in range(seed // 3 % 3)),
        events=tuple(events),
        enrichment_id=code.enrichment_id,
    )


def enriched_batch(
    batch: Batch, code: StageSet, spare: Callable[[Sequence[Story]], Sequence[Story]] | None = None
) -> EnrichedBatch:
    """`batch` parsed and enriched, but for the stories that `spare` names as repeats."""
    items = [item for record in batch.records for item in parse(record, code)]
    stories = [item for item in items if isinstance(item, Story)]
    spared = list(spare(stories)) if spare is not None else []
    without = {(s.source, s.offset, s.item) for s in spared}
    wanted = [s for s in stories if (s.source, s.offset, s.item) not in without]
    rejects = (*batch.rejects, *(item for item in items if isinstance(item, Reject)))
    sources = Counter(item.source for item in (*stories, *rejects))
    blocks = tuple(replace(block, items=sources[block.source]) for block in batch.blocks)
    found = tuple(enrich(story, code) for story in wanted)
    return EnrichedBatch(batch.group, blocks, found, rejects, code.enrichment_id, tuple(spared))
