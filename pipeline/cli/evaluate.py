"""`dateline evaluate`: the enrichment against labelled sets, the stock model beside it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from pipeline import clock
from pipeline.cli.common import ConfigOption, JsonOption, print_json, settings_of
from pipeline.cli.consoles import out
from pipeline.errors import UsageError

_DATA = "DATELINE_DATA"
"""The variable that names the folder of the development data."""

_ALARMS = Path("bench/alarms.tsv")
_MEASURED = Path("build/models/news-en")
_SETS = {
    "ner_file": "ner/conllpp_dev.txt.gz",
    "geo_file": "geo/lgl.xml.gz",
    "plover_file": "plover/PLV_train.tsv",
    "gold_dir": "seed",
    "worldwide_file": "ner/worldwide_dev.txt.gz",
}
_LANGUAGES = {"es": "ner/conll_es_val.txt.gz", "de": "ner/conll_de_val.txt.gz"}


def evaluate(
    ner: Annotated[Path | None, typer.Option(help="CoNLL file: entities.")] = None,
    geo: Annotated[Path | None, typer.Option(help="LGL file (XML): places and countries.")] = None,
    places: Annotated[
        list[Path] | None, typer.Option(help="Reuters-21578 file: regions; may be repeated.")
    ] = None,
    plover: Annotated[Path | None, typer.Option(help="PLOVER file (TSV): event roots.")] = None,
    gold: Annotated[Path | None, typer.Option(help="Folder with a story and gold.json.")] = None,
    worldwide: Annotated[
        Path | None,
        typer.Option(help="CoNLL file: entities of world news, one document in ten of it."),
    ] = None,
    worldwide_model: Annotated[
        Path | None,
        typer.Option(
            help="Folder of an entity model that never saw those documents; by default the one "
            "that `make models` leaves in build/models."
        ),
    ] = None,
    spanish: Annotated[
        Path | None, typer.Option(help="CoNLL file: entities of Spanish news.")
    ] = None,
    german: Annotated[
        Path | None, typer.Option(help="CoNLL file: entities of German news.")
    ] = None,
    alarms: Annotated[
        Path | None, typer.Option(help="References of sentences (TSV) labelled for false alarms.")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(envvar=_DATA, help="Folder of labelled sets, read where none is given."),
    ] = None,
    texts: Annotated[
        Path | None,
        typer.Option(help="Folder whose folders hold the texts of --alarms; by default --data."),
    ] = None,
    stock: Annotated[bool, typer.Option(help="Score the stock model too.")] = True,
    page: Annotated[Path | None, typer.Option(help="Write the table as a page, too.")] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Score the enrichment on labelled sets; without any, on those in the folder --data.

    Example: `dateline evaluate --ner my.conll --json`
    """
    from pipeline.evaluate import evaluate as score
    from pipeline.evaluate.scores_page import page as page_of

    given: dict[str, Any] = {
        "ner_file": ner,
        "geo_file": geo,
        "plover_file": plover,
        "gold_dir": gold,
        "alarms_file": alarms,
        "places_files": places or (),
        "worldwide_file": worldwide,
        "language_files": {
            code: path for code, path in (("es", spanish), ("de", german)) if path is not None
        },
    }
    if not any(given.values()):
        given = _development_data(data)
    if given["alarms_file"] is not None:
        texts = texts or data
        if texts is None or not texts.is_dir():
            raise UsageError("no such folder of texts: name it with --texts", path=texts)
        given["texts_dir"] = texts
    for path in _paths(given):
        if not path.exists():
            raise UsageError("no such labelled set", path=path)
    if worldwide_model is None and _MEASURED.is_dir():
        worldwide_model = _MEASURED
    model = settings_of(config).enrich.model
    result = score(
        **given,
        worldwide_model=worldwide_model,
        model=model,
        with_stock=stock,
        cpu_s=time.process_time,
    )
    rows = list(_rows(result))
    if page is not None:
        names = [str(path.name) for path in _paths(given)]
        page.write_text(page_of(rows, model, names, clock.now().date()), encoding="utf-8")
    if as_json:
        print_json(result)
        return
    table = Table("task", "score", "ours", "stock")
    for row in rows:
        table.add_row(*row)
    out.print(table)


def _paths(given: dict[str, Any]) -> list[Path]:
    paths = [*(given[name] for name in _SETS), given["alarms_file"], *given["places_files"]]
    paths += given["language_files"].values()
    return [path for path in paths if path is not None]


def _development_data(folder: Path | None) -> dict[str, Any]:
    if folder is None:
        raise UsageError(
            f"no labelled set was given, and no folder of them: name it with --data or {_DATA}"
        )
    if not folder.is_dir():
        raise UsageError("no such folder of labelled sets", path=folder)
    found: dict[str, Any] = {name: folder / path for name, path in _SETS.items()}
    # The references are the project's own: they lie in a checkout, not in an installed package.
    found["alarms_file"] = _ALARMS if _ALARMS.exists() else None
    found["language_files"] = {code: folder / path for code, path in _LANGUAGES.items()}
    found["places_files"] = sorted((folder / "reuters21578").glob("*.sgm*"))
    return found


def _rows(result: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    stock = result.get("stock", {})
    return [
        (task, name, _figure(value), _figure(stock.get(task, {}).get(name)))
        for task, scores in result.items()
        if task != "stock"
        for name, value in scores.items()
    ]


def _figure(value: object) -> str:
    if value is None:
        return "n/a"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(evaluate)
