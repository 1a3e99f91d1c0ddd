"""The street of issue 14 as OpenStreetMap files: y = 0 from x = −200 to 1200, a node every hundred metres."""

import numpy as np
from pyproj import Transformer

CRS = "EPSG:25833"
_EAST, _NORTH = 384_000, 5_935_000
_DEGREES = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
PLACES = range(-200, 1201, 100)


def place(x, y=0):
    """Longitude and latitude of a spot of the town, as text."""
    lon, lat = _DEGREES.transform(_EAST + x, _NORTH + y)
    return f"{lon:.7f}", f"{lat:.7f}"


def spots(*xs, y=0.0):
    return np.array([[_EAST + x, _NORTH + y] for x in xs], dtype=np.float64)


def tags(**said):
    return "".join(f'<tag k="{key.replace("__", ":")}" v="{value}"/>' for key, value in said.items())


def node(number, x, y=0, said="", more=""):
    lon, lat = place(x, y)
    return f'<node id="{number}" version="1" lon="{lon}" lat="{lat}" {more}>{said}</node>\n'


def way(number, refs, said='<tag k="highway" v="residential"/>', more='version="1"'):
    nodes = "".join(f'<nd ref="{ref}"/>' for ref in refs)
    return f'<way id="{number}" {more}>{nodes}{said}</way>\n'


def number_at(x):
    return (x + 200) // 100 + 1


def nodes(at=None, said=""):
    """Nodes of the street, one of them with tags."""
    return "".join(node(number_at(x), x, said=said if x == at else "") for x in PLACES)


STREET = [number_at(x) for x in PLACES]


def written(path, text, generator="test"):
    path.write_text(f'<osm version="0.6" generator="{generator}">\n{text}</osm>\n', encoding="utf-8")
    return path
