"""The whole enrichment on stories written for it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from unittest.mock import ANY

import pytest

from pipeline.enrich import Enricher
from pipeline.enrich import enricher as module
from pipeline.enrich.entities import ner
from pipeline.enrich.entities.merge import Group
from pipeline.enrich.entities.vocabulary import vocabulary
from pipeline.enrich.events import CoderInput, EventCoder
from pipeline.errors import ModelError
from pipeline.model import Code, EnrichedStory, Entity, Event, ParsedBatch, Reject, Story
from tests.support.data import DATA, needs_data

FRENCH = "fr_core_news_sm"
SEED = DATA / "seed"


@pytest.fixture(scope="module")
def enricher() -> Enricher:
    return Enricher()


def story(
    headline: str,
    *paragraphs: str,
    language: str | None = "en",
    dateline: str | None = None,
    codes: tuple[Code, ...] = (),
) -> Story:
    return Story(
        source="test", offset=0, item=0, format="text", story_id="family", revision_id="revision",
        content_hash="hash", raw=b"raw", headline=headline, paragraphs=paragraphs,
        language=language, dateline=dateline, codes=codes,
        published_at=datetime(2024, 5, 2, tzinfo=UTC),
    )  # fmt: skip


def enriched(enricher: Enricher, item: Story) -> EnrichedStory:
    (result,) = enricher.enrich([item])
    assert isinstance(result, EnrichedStory), result
    return result


def named(result: EnrichedStory, name: str) -> Entity:
    found = [entity for entity in result.entities if entity.name == name]
    assert len(found) == 1, [(e.name, e.kind, e.country) for e in result.entities]
    return found[0]


def test_a_title_gives_role_and_country_and_stays_outside_the_name(enricher: Enricher) -> None:
    """ "Norwegian Foreign Minister X" is the person X of Norway; X's surname is the same person."""
    result = enriched(
        enricher,
        story(
            "Talks in Oslo",
            "Norwegian Foreign Minister Kari Solberg met reporters in Oslo on Monday.",
            "Solberg said the talks with Estonia had gone well.",
        ),
    )
    person = named(result, "Kari Solberg")
    assert (person.kind, person.country, person.role) == ("PERSON", "NOR", "foreign minister")
    assert [mention.text for mention in person.mentions] == ["Kari Solberg", "Solberg"]
    assert named(result, "Estonia").country == "EST"
    assert (result.region, result.status) == ("northern-europe", "enriched")


def test_short_names_of_a_country_are_one_entity(enricher: Enricher) -> None:
    """ "U.S.", "US" and "United States" are merged under the wires' name."""
    result = enriched(
        enricher,
        story("Tariffs", "The U.S. will act, officials of the United States said. The US is firm."),
    )
    assert len(named(result, "United States").mentions) == 3


def test_an_acronym_in_brackets_is_its_full_name(enricher: Enricher) -> None:
    """The letters in brackets after a body's name stand for it from then on."""
    result = enriched(
        enricher,
        story(
            "Ports strike",
            "The Maritime Workers Union (MWU) called a strike in Lagos.",
            "The MWU said Nigeria's ports would close.",
        ),
    )
    assert len(named(result, "Maritime Workers Union").mentions) == 3


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("Fighting broke out near Tbilisi, and Georgia called on Russia to stop.", "GEO"),
        ("Voters in Georgia and Alabama chose; in Atlanta and Savannah queues were long.", "USA"),
    ],
)
def test_georgia_is_told_by_its_company(enricher: Enricher, text: str, country: str) -> None:
    """The country and the state share a name; the other places of the story decide."""
    assert named(enriched(enricher, story("Report", text)), "Georgia").country == country


def test_what_follows_a_town_decides_its_country(enricher: Enricher) -> None:
    """ "Paris, Texas" is American, and so is Paris in the rest of that story."""
    result = enriched(
        enricher, story("Storm", "A storm hit Paris, Texas. Roads in Paris were closed.")
    )
    assert named(result, "Paris").country == "USA"


def test_disputed_places_follow_the_policy_table(enricher: Enricher) -> None:
    """Crimea, Gaza and the Soviet Union have the codes that policy.tsv gives."""
    result = enriched(
        enricher, story("Past and present", "They spoke of Crimea, Gaza and the Soviet Union.")
    )
    codes = {e.name: e.country for e in result.entities}
    assert (codes["Crimea"], codes["Gaza"], codes["Soviet Union"]) == ("UKR", "PSE", "RUS")


def test_a_headline_in_capitals_names_what_the_body_names(enricher: Enricher) -> None:
    """Capitals of old wires hide no name, and offsets are those of the headline as delivered."""
    result = enriched(
        enricher, story("BRAZIL RAISES COFFEE PRICE", "Brazil raised the price of coffee.")
    )
    first, second = named(result, "Brazil").mentions
    assert (first.text, first.start, first.sentence) == ("BRAZIL", 0, 0)
    assert (second.text, second.sentence) == ("Brazil", 1)


def test_a_body_of_many_countries_belongs_to_none(enricher: Enricher) -> None:
    """Whatever country stands beside it; a body that the text gives to one belongs to that."""
    result = enriched(
        enricher,
        story(
            "Aid for Chad",
            "The African Union in Chad and NATO (Belgium) praised the decision on Monday.",
        ),
    )
    assert named(result, "African Union").country is None
    assert named(result, "NATO").country is None


def test_a_company_is_told_by_its_suffix(enricher: Enricher) -> None:
    """Suffixes end a company's name."""
    result = enriched(enricher, story("Deal", "Torvald Holm Industries AG bought a mine in Peru."))
    assert named(result, "Torvald Holm Industries AG").kind == "ORG"


def test_region_follows_the_dateline_when_nothing_else_speaks(enricher: Enricher) -> None:
    """The dateline is evidence, and is kept as such."""
    result = enriched(
        enricher, story("Shares fall", "Shares fell today.", dateline="NAIROBI, May 2 (Reuters) -")
    )
    assert (result.region, result.dateline_country) == ("sub-saharan-africa", "KEN")
    assert [(e.kind, e.country) for e in result.region_evidence] == [("dateline", "KEN")]


def test_region_uses_the_provider_place_codes(enricher: Enricher) -> None:
    """A place code of the provider decides where the text is silent."""
    item = story("Shares", "They fell.", codes=(Code("iso", "VN", "place"),))
    assert enriched(enricher, item).region == "south-eastern-asia"


def test_without_any_evidence_the_region_is_unknown(enricher: Enricher) -> None:
    """No guess is made."""
    assert enriched(enricher, story("Hello", "It is a nice day today.")).region == "unknown"


def test_without_a_model_the_region_is_still_found(enricher: Enricher) -> None:
    """A story in a language without a model has status no_model, no entities, and a region."""
    result = enriched(
        enricher,
        story("Elezioni a Torino", "A Torino e Palermo si vota.", language="it-IT"),
    )
    assert (result.status, result.language, result.entities) == ("no_model", "it", ())
    assert result.region == "southern-europe"


def test_spanish_and_german_have_entities_and_no_events(enricher: Enricher) -> None:
    """Dateline's own models: names, countries in the story's language, the region."""
    text = "El presidente Mario Benítez viajó a Uruguay y habló con Ana Quiroga en Montevideo."
    result = enriched(enricher, story("Cumbre en Montevideo", text, language="es"))
    assert (result.status, result.region) == ("no_events", "latin-america-and-the-caribbean")
    assert named(result, "Ana Quiroga").kind == "PERSON"
    assert named(result, "Uruguay").country == "URY"
    text = "Der russische Minister Iwan Orlow traf in Wien die Regierung Österreichs."
    result = enriched(enricher, story("Gespräche in Wien", text, language="de"))
    assert (result.status, result.region) == ("no_events", "western-europe")
    assert named(result, "Iwan Orlow").kind == "PERSON"
    assert named(result, "Austria").country == "AUT"


def test_a_german_adjective_is_its_country_s(enricher: Enricher) -> None:
    """ "Die russische Regierung" and "Russen" name a people, whatever the ending."""
    text = "Die russische Regierung warnte zwei Franzosen vor russischen Zöllen."
    result = enriched(enricher, story("Warnung", text, language="de"))
    assert {(e.kind, e.country) for e in result.entities} == {("NORP", "RUS"), ("NORP", "FRA")}


def test_the_language_is_detected_where_none_is_declared(enricher: Enricher) -> None:
    """Detection is by the text."""
    text = "Le premier ministre a rencontré les syndicats à Paris pour parler des retraites."
    assert enriched(enricher, story("Retraites", text, language=None)).language == "fr"


def test_the_same_story_gives_the_same_result_alone_and_in_company(enricher: Enricher) -> None:
    """Batches change nothing, nor does a second instance."""
    items = [
        story("Talks", "Chilean President Ana Rojas met the Bolivian leader in Lima."),
        story("Empty", ""),
        story("Cup", "Ghana beat Togo 2-1 in Accra on Sunday."),
    ]
    together = enricher.enrich(items)
    other = Enricher()
    assert other.enrichment_id == enricher.enrichment_id
    assert together == tuple(other.enrich([item])[0] for item in items)


def test_so_many_stories_are_enriched_side_by_side(
    enricher: Enricher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By their number, and by their characters where these are many; each once, in order."""
    texts = ["Rain fell on Quito.", "Snow fell on Oslo. " * 10, "Hail fell on Lima."]
    items = [story(f"Weather {n}", texts[n % 3]) for n in range(10)]
    whole = enricher.enrich(items)
    coded = EventCoder.code_batch
    sizes: list[int] = []

    def code_batch(self: EventCoder, inputs: Sequence[CoderInput]) -> list[tuple[Event, ...]]:
        sizes.append(len(inputs))
        return coded(self, inputs)

    monkeypatch.setattr(EventCoder, "code_batch", code_batch)
    monkeypatch.setattr(module, "_MOST_AT_ONCE", 4)
    assert enricher.enrich(items) == whole
    assert sizes == [4, 4, 2]
    sizes.clear()
    monkeypatch.setattr(module, "_MANY_CHARS_AT_ONCE", 100)
    assert enricher.enrich(items) == whole
    assert sizes == [2, 3, 3, 2]


def test_a_huge_text_is_read_to_a_bound(enricher: Enricher) -> None:
    """Ten megabytes end in a result that says that only the beginning was read."""
    small = Enricher(max_chars=5_000)
    result = enriched(small, story("Long", "Rain fell on Quito. " * 500_000))
    assert result.status == "truncated"
    assert all(m.end <= 5_000 for e in result.entities for m in e.mentions)
    assert small.enrichment_id != enricher.enrichment_id


@pytest.mark.parametrize(
    "body", ["\x00" * 50, "((((" * 5000, "A" * 20_000, "\u202e\ufffd 🦆 " * 99]
)
def test_no_text_breaks_it(enricher: Enricher, body: str) -> None:
    """Noise gives a story with whatever was found, never an exception."""
    assert enriched(enricher, story(body[:50], body)).enrichment_id == enricher.enrichment_id


def test_one_failing_story_is_a_reject_and_breaks_no_other(
    enricher: Enricher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The batch keeps its other stories; the reject names the error and holds the bytes."""
    original = module.group

    def fail(text: str, spans: Sequence[module.Span]) -> list[Group]:
        if "poison" in text:
            raise ValueError("bad luck")
        return original(text, spans)

    monkeypatch.setattr(module, "group", fail)
    batch = ParsedBatch(0, (), (story("One", "Mali."), story("Two", "poison")), ())
    result = enricher.enrich_batch(batch)
    assert [item.story.headline for item in result.stories] == ["One"]
    (reject,) = result.rejects
    assert isinstance(reject, Reject)
    assert (reject.kind, reject.stage, reject.raw) == ("enrich_failed", "enrich", b"raw")
    assert "bad luck" in reject.message


def test_a_missing_or_other_model_stops_the_job() -> None:
    """The model is named and hashed, never picked by what is installed."""
    with pytest.raises(ModelError):
        Enricher("no_such_model_anywhere")
    with pytest.raises(ModelError):
        Enricher(expected_hash="0" * 64)


@pytest.mark.long
@pytest.mark.skipif(find_spec(FRENCH) is None, reason=f"the model {FRENCH} is not installed")
def test_a_french_story_is_tagged_by_its_own_model(enricher: Enricher) -> None:
    """With a model configured for its language; without one it has status no_model."""
    text = (
        "Le président Alain Moreau a rencontré mardi à Berlin les dirigeants de l'Allemagne "
        "et des États-Unis, a indiqué l'Organisation des Nations unies."
    )
    item = story("Rencontre à Berlin", text, language="fr")
    assert enriched(enricher, item).status == "no_model"
    french = Enricher(models={"fr": FRENCH})
    assert french.enrichment_id != enricher.enrichment_id
    result = enriched(french, item)
    # French has entities, and no event coder.
    assert (result.status, result.language, result.region) == ("no_events", "fr", "western-europe")
    assert named(result, "Alain Moreau").kind == "PERSON"
    assert named(result, "Germany").country == "DEU"
    assert [m.text for m in named(result, "United States").mentions] == ["États-Unis"]
    english = story("Talks", "Chile and Peru held talks in Lima.")
    assert enriched(french, english).entities == enriched(enricher, english).entities


def test_a_missing_model_of_another_language_stops_the_job() -> None:
    """What is configured and not there is no reason to tag less than was asked for."""
    with pytest.raises(ModelError):
        Enricher(models={"fr": "no_such_model_anywhere"})


def test_countries_are_read_in_the_language_of_the_story(enricher: Enricher) -> None:
    """By the CLDR's names, without any model."""
    text = "Die Präsidenten von Österreich und Frankreich trafen sich."
    assert enriched(enricher, story("Gipfel", text, language="de")).region == "western-europe"
    item = story("Fondi", "La Spagna e il Portogallo hanno firmato.", language="it")
    assert enriched(enricher, item).countries == ("ESP", "PRT")


@pytest.mark.parametrize(
    ("code", "region"),
    [
        (Code("iso3166-1a2", "iso3166-1a2:AZ", "place"), "western-asia"),
        (Code("rcv1", "UK", "place"), "northern-europe"),
        (Code("rcv1", "SAFR", "place"), "sub-saharan-africa"),
        (Code("reuters", "west-germany", "place"), "western-europe"),
        (Code("nitf", "x17", "place", "Peru"), "latin-america-and-the-caribbean"),
        (Code("own", "Nairobi", "place"), "sub-saharan-africa"),
        (Code("own", "AZ", "topic"), "unknown"),
        (Code("own", "Q17", "place"), "unknown"),
    ],
)
def test_place_codes_of_providers(enricher: Enricher, code: Code, region: str) -> None:
    """ISO's, Reuters' and plain names are read; a code that names no country says nothing."""
    assert enriched(enricher, story("Shares", "They fell.", codes=(code,))).region == region


@needs_data("seed")
def test_the_seed_story(enricher: Enricher) -> None:
    """Region, countries and entities of the user's own story are those of its gold file."""
    gold = json.loads((SEED / "gold.json").read_text())
    raw = (SEED / gold["file"]).read_text()
    blocks = [" ".join(block.split()) for block in raw.split("\n\n")]
    begin = next(i for i, b in enumerate(blocks) if b.startswith(gold["story"]["first_words"]))
    body = blocks[begin : begin + gold["story"]["paragraphs"]]
    result = enriched(enricher, story(gold["story"]["headline"], *body))
    assert result.region == gold["story"]["partition"]["region"]
    assert list(result.regions) == gold["story"]["regions"]
    assert set(gold["story"]["countries"]) <= set(result.countries)
    found = {entity.name: entity for entity in result.entities}
    missing = [
        wanted["name"]
        for wanted in gold["entities"]
        if wanted["name"] not in found
        or found[wanted["name"]].kind not in wanted["kind"]
        or found[wanted["name"]].country != wanted.get("country")
    ]
    assert missing == []
    assert not set(gold["entities_absent"]) & set(found)


def test_words_are_forgotten_after_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the same rows before and after, and with the models and the usual words kept."""
    own = Enricher()
    items = [
        story("Iran condemned Norway on Monday.", "Kenya's army sent 4711 soldiers to Somalia."),
        story("Rebels were gonna attack Kinshasa.", "Police arrested 12 people who'd protested."),
    ]
    # What a word comes to is remembered; of this one it hangs on morphology.
    late = story("Kenya's unwillingness to talk to Somalia angered Uganda.", "Uganda condemned it.")
    after = Enricher().enrich([late])
    module._open_anew(())
    before = own.enrich([*items, *items])
    for name in (own.model, "news-en"):
        assert ner.can_forget_words(name)
    nlp = ner.load_pipeline(own.model)
    met, kept = vocabulary(nlp), set(module._usual_words(own.model).kept)
    monkeypatch.setattr(module, "MOST_NEW_WORDS", -1)
    assert own.enrich([*items, *items]) == before
    assert own.enrich([*items, late]) == (*before[:2], *after)
    monkeypatch.undo()
    assert ner.load_pipeline(own.model) is nlp
    renewed = vocabulary(nlp)
    assert renewed is not met
    assert module._usual_words(own.model).kept >= kept
    assert len(renewed) < len(kept) + 2_000
    assert own.enrich([*items, story("Zwxyba is 4712 miles away.")]) == (*before[:2], ANY)
    assert vocabulary(nlp) is renewed
    assert {"Zwxyba", "4712"}.isdisjoint(renewed.strings)


def test_pipelines_of_other_makes_are_opened_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """As one whose steps may look for strings of their own in a text's vocabulary."""
    own = Enricher()
    item = story("Iran condemned Norway on Monday.", "Kenya sent 4711 soldiers to Somalia.")
    before = own.enrich([item, item])
    opened = ner.load_pipeline(own.model)
    monkeypatch.setattr(ner, "can_forget", lambda _: False)
    monkeypatch.setattr(module, "MOST_NEW_WORDS_OF_OTHERS", -1)
    assert own.enrich([item, item]) == before
    monkeypatch.setattr(module, "MOST_NEW_WORDS_OF_OTHERS", 500_000)
    assert ner.load_pipeline(own.model) is not opened
    renewed = ner.load_pipeline(own.model)
    assert own.enrich([item]) == before[:1]
    assert ner.load_pipeline(own.model) is renewed
