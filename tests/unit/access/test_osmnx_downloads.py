"""Places asked for online, of a server on this very machine that answers as Nominatim and Overpass do, or does not."""

import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import osmnx
import pytest

from planner.access import EdgeFlag, read_network
from planner.access.osmnx_streets import download_network, download_streets
from planner.errors import LayerError, OutputError

CRS = "EPSG:32632"
NODES = {
    1: (48, 11),
    2: (48, 11.001),
    3: (48, 11.002),
    4: (48.001, 11.001),
    5: (47.999, 11.002),
    6: (47.999, 11.003),
    7: (47.9985, 11.0005),
}
SIGNALS = {2: {"crossing": "traffic_signals"}, 3: {"highway": "traffic_signals"}}
#  what osmnx by itself drops or forgets: a road whose pavement is drawn apart, who may go on foot, which way an escalator runs
WAYS = {
    1: ([1, 2, 3], {"highway": "primary", "sidewalk": "separate"}),
    2: ([4, 2], {"highway": "footway"}),
    3: ([3, 5, 6], {"highway": "cycleway", "foot": "designated"}),
    4: ([6, 2], {"highway": "steps", "conveying": "forward"}),
    5: ([1, 7], {"highway": "service", "access": "private"}),
    6: ([1, 4], {"highway": "residential", "foot": "no"}),
    7: ([5, 1], {"highway": "path", "bridge": "yes"}),
}
PLACE = [
    {
        "importance": 0.5,
        "boundingbox": ["47.99", "48.01", "10.99", "11.01"],
        "display_name": "Town",
        "lat": "48",
        "lon": "11",
        "geojson": {
            "type": "Polygon",
            "coordinates": [[[10.99, 47.99], [11.01, 47.99], [11.01, 48.01], [10.99, 48.01], [10.99, 47.99]]],
        },
    }
]
STREETS = {
    "elements": [
        *(
            {"type": "node", "id": n, "lat": lat, "lon": lon, "tags": SIGNALS.get(n, {})}
            for n, (lat, lon) in NODES.items()
        ),
        *({"type": "way", "id": way, "nodes": nodes, "tags": tags} for way, (nodes, tags) in WAYS.items()),
    ]
}
STATUS = "Connected as: 1\nCurrent time: 2026-01-01T00:00:00Z\nAnnounced endpoint: none\nRate limit: 2\n2 slots available now.\n"


@pytest.fixture
def server(monkeypatch, tmp_path):
    """Give a function that says what the two services answer; it returns what they were asked."""
    monkeypatch.setattr(socket, "getaddrinfo", socket.getaddrinfo)  # osmnx puts its own in place
    monkeypatch.setattr(time, "sleep", lambda _: None)  # osmnx is polite to servers
    monkeypatch.chdir(tmp_path)
    running = []

    def answer(place=PLACE, streets=STREETS, status=200):
        asked = []

        class Answers(BaseHTTPRequestHandler):
            def _say(self, told):
                body = told if isinstance(told, str) else json.dumps(told)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body.encode())

            def do_GET(self):
                asked.append(self.path)
                self._say(STATUS if self.path.endswith("/status") else place)

            def do_POST(self):
                asked.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
                self._say(streets)

            def log_message(self, *_):
                pass

        running.append(ThreadingHTTPServer(("127.0.0.1", 0), Answers))
        threading.Thread(target=running[-1].serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        root = f"http://127.0.0.1:{running[-1].server_port}"
        monkeypatch.setattr(osmnx.settings, "nominatim_url", root)
        monkeypatch.setattr(osmnx.settings, "overpass_url", f"{root}/api")
        return asked

    yield answer
    for one in running:
        one.shutdown()
        one.server_close()


@pytest.fixture
def extract(tmp_path):
    def tags(told):
        return "".join(f'<tag k="{key}" v="{value}"/>' for key, value in told.items())

    nodes = "".join(
        f'<node id="{n}" lat="{lat}" lon="{lon}">{tags(SIGNALS.get(n, {}))}</node>' for n, (lat, lon) in NODES.items()
    )
    ways = "".join(
        f'<way id="{way}">{"".join(f"<nd ref={chr(34)}{n}{chr(34)}/>" for n in refs)}{tags(told)}</way>'
        for way, (refs, told) in WAYS.items()
    )
    path = tmp_path / "town.osm"
    path.write_text(f'<osm version="0.6">{nodes}{ways}</osm>')
    return path


def streets_of(network):
    """Every street as its ends, length, class, flags and crossings, whichever end it is told from."""
    told = []
    for edge in range(network.n_edges):
        ends = [
            (*np.round(network.xy[end], 2).tolist(), int(crossing))
            for end, crossing in (
                (network.u[edge], network.crossing_u[edge]),
                (network.v[edge], network.crossing_v[edge]),
            )
        ]
        one_way = bool(network.flags[edge] & EdgeFlag.ONE_WAY)
        told.append(
            (
                tuple(ends if one_way else sorted(ends)),
                round(float(network.length_m[edge]), 2),
                int(network.kind[edge]),
                int(network.flags[edge]),
            )
        )
    return sorted(told)


def test_a_place_gives_what_its_extract_gives(server, extract, tmp_path):
    asked = server()
    before = osmnx.settings.useful_tags_way, osmnx.settings.useful_tags_node, osmnx.settings.use_cache
    network = download_network("Town", CRS)
    assert streets_of(network) == streets_of(read_network(extract, CRS))
    assert network.n_edges == 7  # without the private way and the one closed on foot
    assert network.has(EdgeFlag.ONE_WAY).sum() == 1
    assert any("q=Town" in path for path in asked)
    assert (osmnx.settings.useful_tags_way, osmnx.settings.useful_tags_node, osmnx.settings.use_cache) == before
    assert [path.name for path in tmp_path.iterdir()] == ["town.osm"]


@pytest.mark.parametrize(
    "place",
    [[], {}, "<html>busy</html>", [{"importance": 1}], [3], None, [{**PLACE[0], "geojson": {"type": "Point", "coordinates": [11, 48]}}],
     [{**PLACE[0], "geojson": {"type": "Polygon", "coordinates": "here"}}], [{**PLACE[0], "boundingbox": []}]],
    ids=str,
)  # fmt: skip
def test_nonsense_instead_of_a_place_is_a_fault_of_the_layer(server, place):
    server(place=place)
    with pytest.raises(LayerError, match=r"\(Town\): no streets came back \(.*\) → check the name") as told:
        download_network("Town", CRS)
    assert told.value.exit_code == 4
    assert "\n" not in str(told.value)


@pytest.mark.deep_after(3)
@pytest.mark.parametrize(
    "streets",
    [
        "<html>too many requests</html>" * 50,
        [],
        {},
        {"elements": None},
        {"elements": []},
        {"elements": [3]},
        {"elements": [{"type": "node", "id": 1}]},
        {"elements": [{"type": "way", "id": 1, "nodes": [1, 2], "tags": {"highway": "footway"}}]},
        {"elements": [{"type": "node", "id": 1, "lat": "north", "lon": 11}, {"type": "node", "id": 2, "lat": 48, "lon": 11}, STREETS["elements"][7]]},
    ],
    ids=lambda told: str(told)[:60],
)  # fmt: skip
def test_nonsense_instead_of_streets_is_a_fault_of_the_layer(server, streets):
    server(streets=streets)
    with pytest.raises(LayerError, match=r"^layers.streets \(Town\): .* → ") as told:
        download_network("Town", CRS)
    assert told.value.exit_code == 4
    assert len(str(told.value)) < 400
    assert "\n" not in str(told.value)


def test_a_place_without_a_street_to_walk_says_so(server):
    server(
        streets={
            "elements": [
                *STREETS["elements"][:7],
                {"type": "way", "id": 1, "nodes": [1, 2], "tags": {"highway": "motorway"}},
            ]
        }
    )
    with pytest.raises(LayerError, match=r"\(Town\): no walkable street in it .classes read: highway=motorway × 1. →"):
        download_network("Town", CRS)


def test_a_server_that_fails_is_told(server):
    server(place="out of order", status=500)
    with pytest.raises(LayerError, match="no streets came back"):
        download_network("Town", CRS)


@pytest.mark.deep
def test_a_place_saved_is_read_as_its_extract(server, extract, tmp_path):
    server()
    download_streets("Town", tmp_path / "town.graphml")
    assert streets_of(read_network(tmp_path / "town.graphml", CRS)) == streets_of(read_network(extract, CRS))
    with pytest.raises(OutputError, match="cannot write"):
        download_streets("Town", extract / "town.graphml")
    server(streets={"elements": []})
    with pytest.raises(LayerError, match="no streets came back"):
        download_streets("Town", tmp_path / "nothing.graphml")
    assert not (tmp_path / "nothing.graphml").exists()


@pytest.mark.parametrize("down", ["nominatim_url", "overpass_url"])
def test_a_server_that_cannot_be_reached_is_told(server, monkeypatch, down):
    server()
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        closed = nobody.getsockname()[1]
    monkeypatch.setattr(osmnx.settings, down, f"http://127.0.0.1:{closed}/api")
    with pytest.raises(LayerError, match=r"no answer from OpenStreetMap online .* → check the connection") as told:
        download_network("Town", CRS)
    assert told.value.exit_code == 4
