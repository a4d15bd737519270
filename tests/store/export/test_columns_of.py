"""Events in the columns of GDELT 2.0 and of POLECAT: the right cell for each, and nothing else."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.errors import UsageError
from pipeline.model import Actor, Event, Location
from pipeline.store.export.export import export_lake
from tests.support.copies import made_once
from tests.support.rows import (
    NOON,
    SOURCE,
    a_batch,
    a_story,
    an_entity,
    an_event,
    enriched,
    written,
)

GDELT = re.findall(
    r"\S+",
    "GLOBALEVENTID SQLDATE MonthYear Year FractionDate Actor1Code Actor1Name Actor1CountryCode"
    " Actor1KnownGroupCode Actor1EthnicCode Actor1Religion1Code Actor1Religion2Code"
    " Actor1Type1Code Actor1Type2Code Actor1Type3Code Actor2Code Actor2Name Actor2CountryCode"
    " Actor2KnownGroupCode Actor2EthnicCode Actor2Religion1Code Actor2Religion2Code"
    " Actor2Type1Code Actor2Type2Code Actor2Type3Code IsRootEvent EventCode EventBaseCode"
    " EventRootCode QuadClass GoldsteinScale NumMentions NumSources NumArticles AvgTone"
    " Actor1Geo_Type Actor1Geo_FullName Actor1Geo_CountryCode Actor1Geo_ADM1Code"
    " Actor1Geo_ADM2Code Actor1Geo_Lat Actor1Geo_Long Actor1Geo_FeatureID Actor2Geo_Type"
    " Actor2Geo_FullName Actor2Geo_CountryCode Actor2Geo_ADM1Code Actor2Geo_ADM2Code"
    " Actor2Geo_Lat Actor2Geo_Long Actor2Geo_FeatureID ActionGeo_Type ActionGeo_FullName"
    " ActionGeo_CountryCode ActionGeo_ADM1Code ActionGeo_ADM2Code ActionGeo_Lat ActionGeo_Long"
    " ActionGeo_FeatureID DATEADDED SOURCEURL",
)
"""The columns of GDELT's event codebook 2.0, in order: its files have no head."""

POLECAT = re.findall(
    r"[^|]+",
    "Event ID|Event Date|Event Type|Event Mode|Intensity|Quad Code|Contexts|Actor Name|"
    "Actor Country|Actor COW|Primary Actor Sector|Actor Sectors|Actor Title|Actor Name Raw|"
    "Wikipedia Actor ID|Recipient Name|Recipient Country|Recipient COW|Primary Recipient Sector|"
    "Recipient Sectors|Recipient Title|Recipient Name Raw|Wikipedia Recipient ID|Placename|City|"
    "District|Province|Country|Latitude|Longitude|GeoNames ID|Raw Placename|Feature Type|Source|"
    "Publication Date|Story People|Story Organizations|Story Locations|Language|Version",
)

YEREVAN = Location("city", 616052, 40.18, 44.51, "AM.11")
REBELS = Actor(
    *("Syrian\trebels", "Syrian rebels", "SYR", "REB"), label="Syrian\trebels", code="SYRREB"
)
ARMENIA = Actor("Armenia", "Armenia", "ARM", label="Armenia", code="ARM", state="Armenia")


def _act(**fields: object) -> Event:
    values = {
        **{"root": "ASSAULT", "mode": "beating", "cameo": "1821", "quad_class": 4},
        **{"goldstein": -9.0, "source": REBELS, "target": ARMENIA, "from_lead": True},
        **{"place": "Yerevan", "place_country": "ARM", "place_location": YEREVAN},
        **{"event_date": date(2026, 3, 3), "contexts": ("military", "terrorism")},
    }
    return an_event(**(values | fields))


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    _filled(tmp_path / "lake")
    return tmp_path / "lake"


@made_once
def _filled(root: Path) -> None:
    """One act told by two agencies, denied by a third, and by a story that was killed."""
    stories = [
        enriched(
            a_story(0, provider="AFP"),
            events=(_act(),),
            entities=(an_entity("Ann Example"), an_entity("United Nations", "ORG")),
        ),
        enriched(a_story(1, provider="AP"), events=(_act(),), entities=()),
        enriched(a_story(2, provider="dpa"), events=(_act(negated=True),), entities=()),
        enriched(a_story(3, provider="ANSA", status="canceled"), events=(_act(),), entities=()),
    ]
    written(root, a_batch(stories)).close()


def _exported(lake: Path, form: str, at: Path) -> list[list[str]]:
    export_lake(str(lake), None, at, NOON, now=NOON, form=form)
    files = sorted(file for file in at.rglob("*") if file.is_file() and file.parent != at)
    return [line.split("\t") for file in files for line in file.read_text("utf-8").splitlines()]


def test_gdelts_columns_stand_in_its_order(lake: Path, tmp_path: Path) -> None:
    """One row for the act, with how many tell of it; a tab within a name parts nothing."""
    (row,) = _exported(lake, "gdelt", tmp_path / "out")
    assert len(row) == len(GDELT) == 61
    found = dict(zip(GDELT, row, strict=True))
    assert int(found.pop("GLOBALEVENTID")) > 0
    assert found.pop("SOURCEURL").startswith("urn:dateline:")
    assert len(found.pop("DATEADDED")) == len("20260304120000")
    assert {name: value for name, value in found.items() if value} == {
        **{"SQLDATE": "20260303", "MonthYear": "202603", "Year": "2026"},
        **{"FractionDate": "2026.2548", "Actor1Code": "SYRREB", "Actor1Name": "SYRIAN REBELS"},
        **{"Actor1CountryCode": "SYR", "Actor1Type1Code": "REB", "Actor2Code": "ARM"},
        **{"Actor2Name": "ARMENIA", "Actor2CountryCode": "ARM", "IsRootEvent": "1"},
        **{"EventCode": "1821", "EventBaseCode": "182", "EventRootCode": "18"},
        **{"QuadClass": "4", "GoldsteinScale": "-9.0", "NumMentions": "2", "NumSources": "2"},
        **{"NumArticles": "2", "Actor1Geo_Type": "0", "Actor2Geo_Type": "0"},
        **{"ActionGeo_Type": "4", "ActionGeo_FullName": "Yerevan", "ActionGeo_Lat": "40.18"},
        "ActionGeo_Long": "44.51",
    }


def test_polecats_columns_have_a_head(lake: Path, tmp_path: Path) -> None:
    """One row for each story that tells of the act."""
    head, *rows = _exported(lake, "polecat", tmp_path / "out")
    assert head == POLECAT
    first, second = (dict(zip(head, row, strict=True)) for row in rows)
    assert {first["Source"], second["Source"]} == {"AFP", "AP"}
    of_afp = first if first["Source"] == "AFP" else second
    assert {name: value for name, value in of_afp.items() if value} == {
        **{"Event ID": of_afp["Event ID"], "Event Date": "2026-03-03", "Event Type": "ASSAULT"},
        **{"Event Mode": "beating", "Intensity": "-9.0", "Quad Code": "MATERIAL CONFLICT"},
        **{"Contexts": "military;terrorism", "Actor Name": "Syrian rebels"},
        **{"Actor Country": "SYR", "Primary Actor Sector": "REB", "Actor Sectors": "REB"},
        **{"Actor Name Raw": "Syrian rebels", "Recipient Name": "Armenia"},
        **{"Recipient Country": "ARM", "Recipient Name Raw": "Armenia", "Placename": "Yerevan"},
        **{"City": "Yerevan", "Country": "ARM", "Latitude": "40.18", "Longitude": "44.51"},
        **{"GeoNames ID": "616052", "Raw Placename": "Yerevan", "Feature Type": "PPL"},
        **{"Source": "AFP", "Publication Date": "2026-03-04", "Story People": "Ann Example"},
        **{"Story Organizations": "United Nations", "Language": "en"},
        "Version": "dateline enrichment-1",
    }


@pytest.mark.parametrize("form", ["gdelt", "polecat"])
def test_again_it_takes_what_changed(lake: Path, tmp_path: Path, form: str) -> None:
    """Another agency's story changes its day alone; nothing new, and nothing is written."""
    at = tmp_path / "out"
    before = _exported(lake, form, at)
    assert export_lake(str(lake), None, at, NOON, now=NOON, form=form).days == 0
    later = a_story(7, provider="Kyodo", published_at=NOON + timedelta(days=1))
    written(
        lake, a_batch([enriched(later, events=(_act(),), entities=())], spans={SOURCE: (4, 8)})
    ).close()
    done = export_lake(str(lake), None, at, NOON, now=NOON, form=form)
    assert (done.days, done.rows, done.anew) == (1, {"events": 1}, False)
    assert len(_exported(lake, form, at)) > len(before)


def test_no_other_export_is_written_over(lake: Path, tmp_path: Path) -> None:
    """Of the two and of CSV none takes the folder of another."""
    at = tmp_path / "out"
    _exported(lake, "csv", at)
    for form in ("gdelt", "polecat"):
        with pytest.raises(UsageError, match="another format"):
            export_lake(str(lake), None, at, NOON, now=NOON, form=form)


def test_the_command_knows_them(lake: Path, tmp_path: Path) -> None:
    """`dateline lake export FOLDER --format gdelt` says what it wrote."""
    arguments = ["lake", "export", str(tmp_path / "out"), "--format", "gdelt", "--lake", str(lake)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0 and "1 events of 1 days" in done.stdout
