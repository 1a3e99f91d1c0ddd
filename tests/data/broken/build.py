"""Build the sound district and every broken input from the bundled town.

    python -m tests.data.broken.build

Each fault has a folder of its own, named after it; `catalogue.CASES` says what must be found in it.
"""

import shutil
import warnings

import pyogrio
from ruamel.yaml import YAML

from tests.data.broken import of_figures, of_files, of_places  # noqa: F401 - importing them fills the catalogue
from tests.data.broken.catalogue import CASES
from tests.data.broken.sound import DATE, HERE, STUDY, around, cut_out, write_shapefile, write_streets


def main():
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": f"{DATE}T00:00:00.000Z"})  # equal builds, equal bytes
    sound = cut_out()
    shutil.rmtree(HERE / "sound", ignore_errors=True)
    for name, frame in sound.layers().items():
        write_shapefile(frame, HERE / "sound" / f"{name}.shp")
    write_streets(HERE / "sound" / "streets.osm.pbf", around(sound.communities))
    yaml = YAML()
    yaml.dump(STUDY, HERE / "sound" / "study.yaml")
    for case in CASES.values():
        folder = HERE / case.name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            case.make(sound, folder)
    print(f"{len(CASES)} broken inputs in {HERE}")


if __name__ == "__main__":
    main()
