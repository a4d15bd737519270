"""The event lexicon: frames of verbs, noun classes, operators and CAMEO codes, from `data/`.

Each file names its source in its header and explains its columns. A line that does not hold
together raises `ConfigError` with file and line when the lexicon is loaded, never later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pipeline import tsv
from pipeline.errors import ConfigError

ANYTHING = "*"
SOMEBODY = "@"
NO_EVENT = "-"
CLAUSE = "comp"
INFINITIVE = "TO"


@dataclass(frozen=True, slots=True)
class Cameo:
    """One row of the code table: what a CAMEO code stands for."""

    code: str
    root: str
    mode: str | None
    context: str | None
    quad_class: int
    goldstein: float


@dataclass(frozen=True, slots=True)
class Atom:
    """One condition of a frame: the slot (`obj`, `subj`, `comp`, a preposition) and its classes."""

    slot: str
    classes: tuple[str, ...]

    @property
    def weight(self) -> int:
        """How much the condition tells: a class more than somebody, somebody more than anything."""
        if self.slot == CLAUSE:
            return 4 if not self.classes else 6
        return {ANYTHING: 2, SOMEBODY: 3}.get(self.classes[0], 5)


@dataclass(frozen=True, slots=True)
class Frame:
    """A verb's pattern: where all `atoms` hold, it names the act `code` or applies `operator`.

    `suffered` says that the verb's subject is whom it is done to, by whoever stands behind "from"
    ("faced criticism from lawmakers").
    """

    verb: str
    atoms: tuple[Atom, ...]
    code: str | None
    operator: str | None
    suffered: bool = False

    @property
    def weight(self) -> int:
        """The most specific frame of a verb wins."""
        return sum(atom.weight for atom in self.atoms) + (self.operator == "do")

    def has(self, slot: str) -> bool:
        """Say whether the frame asks for something in this slot."""
        return any(atom.slot == slot for atom in self.atoms)

    def obj_class(self) -> str | None:
        """Return the class asked of the object, None where no object is asked for."""
        for atom in self.atoms:
            if atom.slot in {"obj", "lemma"}:
                return atom.classes[0]
        return None


@dataclass(frozen=True, slots=True)
class EventLexicon:
    """All data of the event coder."""

    frames: Mapping[str, tuple[Frame, ...]]
    particles: Mapping[str, tuple[str, ...]]
    noun_classes: Mapping[str, frozenset[str]]
    class_codes: Mapping[str, str]
    nominals: Mapping[str, str]
    patients: frozenset[str]
    operators: Mapping[str, tuple[tuple[str, str], ...]]
    cameo: Mapping[str, Cameo]
    roles: Mapping[str, str]

    def apply(self, operator: str, code: str) -> str | None:
        """Return the code of an act under an operator, None where that says nothing."""
        for prefix, result in self.operators.get(operator, ()):
            if code.startswith(prefix):
                return code if result == "=" else result
        return None


def lexicon_rows(name: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the cells of each row of a list in `data/` below its head, with the line's number.

    Raises `ConfigError` where a row has not as many cells as the head.
    """
    head: list[str] | None = None
    for number, line in tsv.numbered_lines(files("pipeline.enrich.events").joinpath("data", name)):
        cells = line.split("\t")
        if head is None:
            head = cells
            continue
        if len(cells) != len(head):
            raise ConfigError(
                "a lexicon row has the wrong number of columns", file=name, line=number
            )
        yield number, cells


def _members(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(",") if part.strip()]


def _atoms(cell: str, where: Mapping[str, object]) -> tuple[Atom, ...]:
    if cell == "-":
        return ()
    atoms = []
    for part in cell.split():
        slot, _, classes = part.partition(":")
        if not classes and slot != CLAUSE:
            raise ConfigError("a frame's atom has no class", atom=part, **where)
        atoms.append(Atom(slot, tuple(classes.split("|")) if classes else ()))
    return tuple(atoms)


def _frames(cameo: Mapping[str, Cameo], classes: frozenset[str]) -> dict[str, tuple[Frame, ...]]:
    """Return the frames of each verb, the most specific first.

    A verb with a pattern is stated once: of two frames that ask the same the upper one would win
    in silence. One that does what its object names (`!do`) may stand beside a code for where the
    object names no act.
    """
    found: dict[str, list[Frame]] = {}
    stated: dict[tuple[str, frozenset[Atom], bool], int] = {}
    for number, (verbs, pattern, action) in lexicon_rows("verbs.tsv"):
        where = {"file": "verbs.tsv", "line": number}
        atoms = _atoms(pattern, where)
        suffered, words = action[0] == "<", action.removeprefix("<")
        operator, _, code = words[1:].partition("|") if words[0] == "!" else ("", "", words)
        if code not in cameo and code not in {"", NO_EVENT}:
            raise ConfigError("a frame has an unknown code", code=code, **where)
        named = {name for atom in atoms if atom.slot != "lemma" for name in atom.classes}
        unknown = named - classes - {ANYTHING, SOMEBODY, INFINITIVE}
        if unknown:
            raise ConfigError("a frame asks for unknown classes", classes=sorted(unknown), **where)
        for verb in _members(verbs):
            frame = Frame(verb, atoms, code or None, operator or None, suffered)
            asked = (verb, frozenset(atoms), operator == "do")
            if asked in stated:
                raise ConfigError(
                    "a verb states the same pattern twice",
                    verb=verb,
                    pattern=pattern,
                    also_in_line=stated[asked],
                    **where,
                )
            stated[asked] = number
            found.setdefault(verb, []).append(frame)
    return {
        verb: tuple(sorted(frames, key=lambda frame: -frame.weight))
        for verb, frames in found.items()
    }


@cache
def load_event_lexicon() -> EventLexicon:
    """Return the lexicon, read once a process.

    Raises `ConfigError` when a file does not hold together.
    """
    cameo = {
        code: Cameo(code, root, mode or None, context or None, int(quad), float(goldstein))
        for _, (code, root, mode, context, quad, goldstein) in lexicon_rows("cameo.tsv")
    }
    noun_classes: dict[str, set[str]] = {}
    class_codes: dict[str, str] = {}
    for _, (name, code, members) in lexicon_rows("nouns.tsv"):
        if code:
            class_codes[name] = code
        for member in _members(members):
            noun_classes.setdefault(member, set()).add(name)
    classes = frozenset(name for names in noun_classes.values() for name in names)
    frames = _frames(cameo, classes)
    particles: dict[str, list[str]] = {}
    for verb in frames:
        lemma, _, rest = verb.partition(" ")
        if rest:
            particles.setdefault(lemma, []).append(rest)
    operators: dict[str, list[tuple[str, str]]] = {}
    for _, (operator, inner, code) in lexicon_rows("operators.tsv"):
        operators.setdefault(operator, []).append((inner, code))
    nominals: dict[str, str] = {}
    patients: set[str] = set()
    for _, (verb, possessor, nouns) in lexicon_rows("nominalizations.tsv"):
        nominals.update((noun, verb) for noun in _members(nouns))
        if possessor == "patient":
            patients.update(_members(nouns))
    roles = {
        noun: role for _, (role, nouns) in lexicon_rows("roles.tsv") for noun in _members(nouns)
    }
    return EventLexicon(
        frames=frames,
        particles={
            lemma: tuple(sorted(rest, key=lambda words: (-len(words), words)))
            for lemma, rest in particles.items()
        },
        noun_classes={noun: frozenset(names) for noun, names in noun_classes.items()},
        class_codes=class_codes,
        nominals=nominals,
        patients=frozenset(patients),
        operators={
            name: tuple(sorted(pairs, key=lambda pair: -len(pair[0])))
            for name, pairs in operators.items()
        },
        cameo=cameo,
        roles=roles,
    )
