"""The rooms of the languages by their code."""

from __future__ import annotations

from functools import lru_cache, partial

from pipeline.enrich.languages import foreign
from pipeline.enrich.languages.base import Language
from pipeline.enrich.languages.de import GERMAN
from pipeline.enrich.languages.en import ENGLISH, SENTENCE_ENDS
from pipeline.enrich.languages.es import SPANISH
from pipeline.enrich.languages.fr import FRENCH

LANGUAGES = {room.code: room for room in (ENGLISH, FRENCH, SPANISH, GERMAN)}
"""The languages that have a room."""


@lru_cache(maxsize=64)
def language_of(code: str | None) -> Language:
    """Return the room of a language by its ISO 639-1 code.

    One without its own has what holds in any.
    """
    room = LANGUAGES.get(code or "")
    if room is not None:
        return room
    return Language(code or "", SENTENCE_ENDS, partial(foreign.resolve_foreign, language=code))


def entity_models() -> dict[str, str]:
    """Return the entity models that Dateline ships, by the language's code."""
    return {room.code: room.entity_model for room in LANGUAGES.values() if room.entity_model}
