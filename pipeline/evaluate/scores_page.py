"""The scores as a page: docs/evaluation.md."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from importlib.metadata import version

from pipeline import __version__

_NOTES = """## What is measured
- **entities f1**: micro F1 of exact span and kind over PER, LOC, ORG, MISC; GPE, LOC, FAC count
  as LOC, NORP, EVENT, PRODUCT, WORK_OF_ART, LAW, LANGUAGE as MISC. Stock: the model's own
  entities.
- **entities worldwide**: the same on newspapers of Africa, Asia, Latin America, the Middle East and
  Oceania: one article in ten, those that our models are not fitted to. `in …`: by the part of the
  world that the story's region lies in; few articles each, so a hint. The set has curly
  apostrophes and quotes and hyphens as words of their own: `f1` leaves them apart ("Al - Shabaab"),
  `as printed` does not.
- **entities es, de**: the same in Spanish and German, on parts that our models are not fitted to.
- **geo right**: share of gold toponyms that overlap a mention with the right country. Stock:
  names of countries, nationalities and towns (the largest of a name) where the model sees a
  place.
- **geo within 161 km**: share of gold toponyms whose mention lies within 100 miles of gold.
- **region**: documents with one PLACES label, the label hidden. `accuracy`, `outside_usa` and
  `macro` (mean over regions) answer northern-america for `unknown`; `no_default` counts `unknown`
  as wrong. Naive: the region that most names of countries and nationalities lie in.
- **speed**: stories a CPU second as a multiple of the stock pipeline's `nlp.pipe`, the same model,
  stories and run, one BLAS thread; `ner_only` is our entity step alone.
- **events macro15, quad**: macro-F1 over PLOVER roots and quad classes, source and target given.
- **triples**: PLOVER sentences from end to end, nothing given but the sentence. A side is right
  when its words overlap gold's, or its country is gold's and gold's two sides differ in country.
  `R` is recall, `P` precision with every other event counted as wrong (a lower bound), `lost at`
  the share of gold triples for which no event was found (`none`), none with the source, none with
  the target as well, none with the root as well.
- **held out**: the even rows of the PLOVER file, which nobody reads while tuning; `triples` without
  these words are the odd rows.
- **alarms in politics without an act**: events found a sentence of statements that tell no event.
- **seed**: a gold story: entities and events right, events that nothing there allows. The stock
  model has no events.

The sets are development data: what is tuned on them is checked on others, and scores lower there.

## Other sets
Each set is a loader; files of the same shape, gzipped or not, are given on the command line, and
only those given are scored; without any, those in the folder that `--data` (or the variable
`DATELINE_DATA`) names:

```
dateline evaluate --ner FILE.conll --geo FILE.xml --places A.sgm --places B.sgm \\
  --plover FILE.tsv --gold DIR --worldwide FILE.conll --spanish FILE.conll --german FILE.conll
```

`--json` prints the scores for programs, `--no-stock` leaves out the comparison (half of the
time), `--page FILE` writes a page like this one. `tests/evaluate/sample/` holds a small set of
each shape, written by hand: the tests score it and hold it to the floor. Topics have no labelled
set: [entities.md](entities.md) says what was read by hand. The LGL file (XML) needs the extra
`dateline[evaluate]`, which `make` installs and the image lacks.
"""


def page(
    rows: Sequence[tuple[str, str, str, str]], model: str, names: Sequence[str], day: date
) -> str:
    """Return the page.

    `rows` are (task, score, ours, stock), `names` those of the labelled files.
    """
    versions = ", ".join(f"{name} {version(name)}" for name in ("spacy", "thinc", "numpy"))
    lines = [
        "# Evaluation",
        "",
        f"Made by `make evaluate` on {day}: Dateline {__version__}, model {model} "
        f"{version(model.replace('_', '-'))}, {versions}.",
        f"Sets: {', '.join(names)}.",
        "",
        "| task | score | ours | stock or naive |",
        "|---|---|---|---|",
        *("| " + " | ".join(row) + " |" for row in rows),
        "",
        _NOTES,
    ]
    return "\n".join(lines)
