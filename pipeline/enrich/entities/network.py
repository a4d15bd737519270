"""The network of our entity models: spaCy's recognizer with two more columns in its embedding.

Architecture: `spacy.TransitionBasedParser.v2` over `spacy.MaxoutWindowEncoder.v2` (width 96, depth
4, window 1), as `en_core_web_sm` has it. Beside NORM, PREFIX, SUFFIX and SHAPE a token has the
class of its word in the lists of names, the row of its word in a table of word classes, and longer
pieces of its word: what a name that nobody has seen begins and ends with tells its language and
kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.enrich.lexicon import Lexicon

if TYPE_CHECKING:
    from spacy.language import Language
    from thinc.api import Model

MOST_KEPT = 20_000
"""Words of which a model keeps what its columns hold: the first ones that it meets, but no numbers,
which never end."""
WIDTH = 96
COLUMNS = ("NORM", "PREFIX", "SUFFIX", "SHAPE")
LIST_CLASSES = 64
LIST_WIDTH = 16
PIECES = (slice(0, 3), slice(-2, None), slice(-4, None))
"""The parts of a word, as it is written, that have a hash table each."""
PIECE_WIDTH = 48
PIECE, LISTED = "piece", "embed"
"""The names of the nodes that a stock model lacks: of the pieces, and of the lists."""


@dataclass(frozen=True, slots=True)
class WordTable:
    """Word classes: sorted 32-bit hashes of lower-case words, the row of each, and the rows.

    The numbers of a row are whole steps of `step`. Row 0 is that of every word that is not in the
    table. A word that is not in it is looked up in `after`, if there is one, whose rows count on
    behind the table's own.
    """

    keys: NDArray[np.uint32]
    rows: NDArray[np.uint32]
    steps: NDArray[np.int8]
    step: float
    after: WordTable | None = None

    @property
    def width(self) -> int:
        """How many numbers a row has."""
        return int(self.steps.shape[1])

    def row(self, word: str) -> int:
        """Return the row of a word, whatever its case; 0 for one that is not in the table."""
        key = word_key(word)
        at = int(self.keys.searchsorted(key))
        if at < len(self.keys) and self.keys[at] == key:
            return int(self.rows[at])
        if self.after is None or not (row := self.after.row(word)):
            return 0
        return len(self.steps) + row

    def vectors(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the numbers of rows."""
        if self.after is None:
            return self.steps[rows].astype("float32") * np.float32(self.step)
        is_own = rows < len(self.steps)
        found = np.empty((len(rows), self.width), dtype="float32")
        found[is_own] = self.steps[rows[is_own]] * np.float32(self.step)
        found[~is_own] = self.after.vectors(rows[~is_own] - len(self.steps))
        return found


def word_key(word: str) -> np.uint32:
    """Hash a word: MurmurHash3, 32 bits, of its lower case in UTF-8."""
    import mmh3

    return np.uint32(mmh3.hash(word.lower(), signed=False))


def list_class(word: str, lexicon: Lexicon) -> int:
    """Return what the lists know of a word, as bits; case is as a name would be written."""
    if not word[:1].isupper():
        return 1 if word.isalpha() else 0
    name = word.capitalize() if word.isupper() and len(word) > 3 else word
    listed = lexicon.names.get(name)
    return (
        2 * (name in lexicon.first_names)
        + 4 * (name in lexicon.last_names)
        + 8 * (name in lexicon.cities)
        + 16 * (listed is not None and listed.kind in ("GPE", "LOC"))
        + 32 * (listed is not None and listed.kind == "NORP")
    )


def token_features(lexicon: Lexicon, table: WordTable | None, pieces: int) -> Model[Any, Any]:
    """Turn documents into arrays of `uint64`: a row a token, a column an attribute.

    The columns are COLUMNS, the class in the lists, the row in `table` if there is one, and hashes
    of the first `pieces` PIECES. The name tells `embed_distinct` that what follows depends on
    these columns alone.
    """
    import mmh3
    from thinc.api import Model

    names = ["LIST", *(["WORD"] if table is not None else [])]
    parts = PIECES[:pieces]
    kept: dict[int, tuple[int, ...]] = {}

    def looked_up(word: str) -> tuple[int, ...]:
        row = () if table is None else (table.row(word),)
        hashes = (mmh3.hash(word[part], signed=False) for part in parts)
        return (list_class(word, lexicon), *row, *hashes)

    def forward(model: Model[Any, Any], docs: Sequence[Any], is_train: bool) -> Any:  # noqa: ARG001 - thinc names them
        from spacy.attrs import ORTH

        orths = [doc.to_array(ORTH) for doc in docs]
        distinct, inverse = np.unique(np.concatenate(orths), return_inverse=True)
        strings = docs[0].vocab.strings
        columns_of_words = []
        for orth in distinct.tolist():
            found = kept.get(orth)
            if found is None:
                word = strings[orth]
                found = looked_up(word)
                if len(kept) < MOST_KEPT and not word[-1:].isdigit():
                    kept[orth] = found
            columns_of_words.append(found)
        more = np.array(columns_of_words, dtype="uint64").reshape(-1, len(names) + pieces)
        every = more[inverse]
        result, begin = [], 0
        for doc, own in zip(docs, orths, strict=True):
            columns = doc.to_array(list(COLUMNS)).reshape((len(doc), len(COLUMNS)))
            result.append(np.hstack((columns, every[begin : begin + len(own)])))
            begin += len(own)
        return result, lambda _gradient: []

    columns = [*COLUMNS, *names, *(f"PIECE{number}" for number in range(pieces))]
    return Model("extract_features", forward, attrs={"columns": columns})


def _rows(width: int, count: int, column: int) -> Model[Any, Any]:
    """Return a table of `count` learned rows, looked up by a column that holds row numbers."""
    from thinc.api import Embed

    return Embed(nO=width, nV=count, column=column)


def _word_classes(table: WordTable, column: int) -> Model[Any, Any]:
    """Return the table's rows, looked up by a column that holds row numbers; they are never
    fitted."""
    from thinc.api import Model

    def forward(model: Model[Any, Any], rows: Any, is_train: bool) -> Any:  # noqa: ARG001 - thinc names it
        found = table.vectors(rows[:, column].astype("int64"))
        return found, lambda _gradient: model.ops.alloc(rows.shape, dtype=rows.dtype)

    return Model("word_classes", forward, dims={"nO": table.width})


def tok2vec(lexicon: Lexicon, table: WordTable | None, rows: Sequence[int]) -> Model[Any, Any]:
    """Return the embedding and the encoder, not yet initialised.

    `rows` are the sizes of the hash tables: of COLUMNS, then of PIECES, none or all.
    """
    from spacy.ml.models.tok2vec import MaxoutWindowEncoder
    from thinc.api import (
        HashEmbed,
        Maxout,
        chain,
        concatenate,
        list2ragged,
        ragged2list,
        with_array,
    )

    own, pieces = rows[: len(COLUMNS)], rows[len(COLUMNS) :]
    parts: list[Model[Any, Any]] = [
        HashEmbed(WIDTH, size, column=column, seed=8 + column, dropout=0.0)
        for column, size in enumerate(own)
    ]
    parts.append(_rows(LIST_WIDTH, LIST_CLASSES, len(COLUMNS)))
    width = WIDTH * len(own) + LIST_WIDTH
    if table is not None:
        parts.append(_word_classes(table, len(COLUMNS) + 1))
        width += table.width
    for column, size in enumerate(pieces, len(COLUMNS) + (1 if table is None else 2)):
        piece: Model[Any, Any] = HashEmbed(PIECE_WIDTH, size, column=column, seed=8 + column)
        for node in piece.walk():
            node.name = PIECE
        parts.append(piece)
        width += PIECE_WIDTH
    embed: Model[Any, Any] = chain(
        token_features(lexicon, table, len(pieces)),
        list2ragged(),
        with_array(concatenate(*parts)),
        with_array(Maxout(WIDTH, width, nP=3, dropout=0.0, normalize=True)),
        ragged2list(),
    )
    model: Model[Any, Any] = chain(
        embed, MaxoutWindowEncoder(WIDTH, window_size=1, maxout_pieces=3, depth=4)
    )
    model.set_ref("embed", embed)
    model.set_dim("nO", WIDTH)
    return model


def new_recognizer(
    nlp: Language,
    labels: Sequence[str],
    lexicon: Lexicon,
    table: WordTable | None,
    rows: Sequence[int],
) -> Any:
    """Return an entity recognizer with this network and these labels, its weights at random."""
    from spacy.ml.models.parser import build_tb_parser_model
    from spacy.pipeline.ner import EntityRecognizer
    from spacy.training import Example

    model = build_tb_parser_model(
        tok2vec(lexicon, table, rows),
        state_type="ner",
        extra_state_tokens=False,
        hidden_width=64,
        maxout_pieces=2,
        use_upper=True,
    )
    step = EntityRecognizer(nlp.vocab, model, "ner")
    # Action 1 begins, 2 goes on, 3 ends, 4 is an entity of one word, 5 is no entity; the counts
    # only give the labels their order.
    counts = {label: len(labels) - nth for nth, label in enumerate(labels)}
    actions = {action: dict(counts) for action in (1, 2, 3, 4)} | {0: {}, 5: {"": 1}}
    example = Example.from_dict(nlp.make_doc("Dateline"), {"entities": []})
    step.initialize(lambda: [example], nlp=nlp, labels=actions)
    return step
