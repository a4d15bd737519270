"""The language of a story: the declared one, else detected."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lingua import LanguageDetector

_CHARS = 600
_LEAST_CHARS = 20


@lru_cache(maxsize=1)
def _detector() -> LanguageDetector:
    from lingua import Language, LanguageDetectorBuilder

    # The languages of the big agencies: more would cost memory and make short texts less certain.
    languages = (
        Language.ENGLISH,
        Language.FRENCH,
        Language.GERMAN,
        Language.SPANISH,
        Language.PORTUGUESE,
        Language.ITALIAN,
        Language.DUTCH,
        Language.RUSSIAN,
        Language.UKRAINIAN,
        Language.ARABIC,
        Language.CHINESE,
        Language.JAPANESE,
        Language.TURKISH,
        Language.POLISH,
        Language.SWEDISH,
        Language.PERSIAN,
        Language.ARMENIAN,
        Language.AZERBAIJANI,
        Language.GEORGIAN,
    )
    return LanguageDetectorBuilder.from_languages(*languages).with_low_accuracy_mode().build()


def load_detector() -> None:
    """Load what tells languages apart now, rather than at the first text."""
    _detector().detect_language_of("A first text, as long as it takes.")


def detect(text: str) -> str | None:
    """Return the ISO 639-1 code of the language of `text`'s beginning; None for too little text."""
    sample = text[:_CHARS]
    if sum(c.isalpha() for c in sample) < _LEAST_CHARS:
        return None
    # Trigram statistics are of small letters; headlines in capitals are read the same.
    found = _detector().detect_language_of(sample)
    return found.iso_code_639_1.name.lower() if found else None


def normalise(declared: str | None) -> str | None:
    """Return a declared tag ("en-US", "EN", "eng") as ISO 639-1, or None."""
    if not declared:
        return None
    primary = declared.replace("_", "-").split("-")[0].strip().lower()
    if len(primary) == 3:
        import pycountry

        entry = pycountry.languages.get(alpha_3=primary)
        return getattr(entry, "alpha_2", None)
    return primary if len(primary) == 2 and primary.isalpha() else None
