"""Build the bundled town Neubrandenburg from its OpenStreetMap extract.

    python data/neubrandenburg/build.py [SOURCE] [--out FOLDER]

SOURCE is ``neubrandenburg.osm.bz2``; by default the copy in the shared data beside the repository. Equal sources
give equal files. What every file and column means, and where every figure comes from, is in README.md.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from buildings import homes
from candidates import candidates, not_lived_in
from extract import read_ground, read_town, write_streets
from facilities import facilities
from people import TOWN_TOTAL, write_people
from quarters import quarters
from shapefile import write_shapefile

HERE = Path(__file__).resolve().parent
DEFAULT_SOURCE = HERE.parents[2] / "shared" / "data" / "neubrandenburg" / "neubrandenburg.osm.bz2"


def main() -> None:
    """Read the source once per layer, write every layer, and say what was written."""
    parser = argparse.ArgumentParser(description="Build data/neubrandenburg from its OpenStreetMap extract.")
    parser.add_argument("source", nargs="?", type=Path, default=DEFAULT_SOURCE, help="neubrandenburg.osm.bz2")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write into (default: this one)")
    arguments = parser.parse_args()
    if not arguments.source.is_file():
        parser.error(f"{arguments.source} is not there; give the path of neubrandenburg.osm.bz2")
    arguments.out.mkdir(parents=True, exist_ok=True)
    town = read_town(arguments.source)
    write_streets(arguments.source, town, arguments.out / "streets.osm.pbf")
    premises = candidates(town)
    dwellings = homes(town, taken=not_lived_in(premises))
    communities, dwellings["community"] = quarters(town, dwellings)
    layers = {
        "communities": communities,
        "buildings": dwellings,
        "facilities": facilities(town),
        "candidates": premises,
        "ground": read_ground(arguments.source, town, set(dwellings["id"])),
    }
    for name, layer in layers.items():
        write_shapefile(layer, arguments.out / f"{name}.shp")
        print(f"{name}: {len(layer)}")
    write_people(arguments.out / "people.csv")
    print(f"people: {TOWN_TOTAL}")


if __name__ == "__main__":
    main()
