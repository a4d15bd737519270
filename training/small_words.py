"""Count which words news writes small inside sentences, for `pipeline/enrich/data/small_words.tsv`.

Run as `python -m training.small_words FILE...` over plain text or SGML files, gzipped or not.
"""

from __future__ import annotations

import gzip
import re
import sys
from collections import Counter
from pathlib import Path

_INSIDE = re.compile(r"(?<=[a-z,] )([A-Za-z][a-z]+)\b")
_LEAST, _SHARE = 5, 0.85


def main(paths: list[str]) -> None:
    """Print the words, in order."""
    small: Counter[str] = Counter()
    capital: Counter[str] = Counter()
    for path in map(Path, paths):
        raw = path.read_bytes()
        raw = gzip.decompress(raw) if path.suffix == ".gz" else raw
        for match in _INSIDE.finditer(raw.decode("utf-8", "replace")):
            word = match.group(1)
            (small if word[0].islower() else capital)[word.lower()] += 1
    for word in sorted(small):
        share = small[word] / (small[word] + capital[word])
        if len(word) > 2 and small[word] >= _LEAST and share >= _SHARE:
            print(word)


if __name__ == "__main__":
    main(sys.argv[1:])
