"""Draws the sentences of the false-alarm sample, to be labelled by a reader.

    python bench/sample_alarms.py "$DATELINE_DATA" 60 5 > unlabelled.tsv

From each source (Wikinews, Reuters-21578) the given number of documents is drawn, and from each of
them as many sentences as given, headline excluded, both in the order of a hash of their ids: anyone
draws the same. The columns are those of the sample, with the sentence in place of `kind`; the
sentence is replaced by the label before the file is kept (see pipeline/evaluate/alarms.py).
"""

from __future__ import annotations

import sys
from hashlib import sha256
from pathlib import Path

from pipeline.enrich.languages import sentences
from pipeline.evaluate import alarms


def main(folder: Path, documents: int, each: int) -> None:
    """Print the sample as TSV."""
    print("file", "document", "sentence", "sha256", "kind", sep="\t")
    for pattern in ("wikinews/*.csv", "reuters21578/*.sgm*"):
        paths = sorted(folder.glob(pattern))
        drawn = [(path.name, key, story) for path in paths for key, story in alarms.stories(path)]
        drawn.sort(key=lambda item: _rank(item[0], item[1]))
        for name, key, story in drawn[:documents]:
            text = f"{story.headline}\n\n{story.body}"
            split = [text[start:end] for start, end in sentences.split(text)]
            places = [i for i in range(1, len(split)) if len(split[i].split()) > 3]
            places.sort(key=lambda i: _rank(name, key, str(i)))
            for place in sorted(places[:each]):
                sentence = " ".join(split[place].split())
                print(name, key, place, alarms.sha256(sentence), sentence, sep="\t")


def _rank(*parts: str) -> str:
    return sha256("\t".join(parts).encode()).hexdigest()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
