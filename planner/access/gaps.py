"""Faults of the street network: pieces that hang together with nothing, how many people they strand, and joining them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from planner.access.assemble import assemble, segments_of, with_paths
from planner.access.network import EdgeFlag, WalkNetwork
from planner.access.remarks import remark

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.access.snap import Snapped


def join_gaps(network: WalkNetwork, within_m: float) -> WalkNetwork:
    """Join disconnected pieces to the nearest other piece within ``within_m``, by one straight path each.

    Every piece gets the shortest such path to every other piece in range; bridges and tunnels are joined at their ends
    only. What it did is told in the notes of the result.

    Parameters
    ----------
    network : WalkNetwork
        Streets in pieces.
    within_m : float
        Longest path laid, in metres.
    """
    segments = segments_of(network)
    aloft = (segments.flags & np.uint8(EdgeFlag.BRIDGE | EdgeFlag.TUNNEL)) != 0
    ground = np.flatnonzero(~aloft)
    owner = np.repeat(np.arange(network.n_edges), np.diff(network.shape_indptr) - 1)
    piece_of = network.edge_component[owner]
    lines = shapely.linestrings(np.stack([segments.xy[segments.tail], segments.xy[segments.head]], axis=1)[ground])
    ends = np.unique(np.concatenate([network.u, network.v, segments.tail[ground], segments.head[ground]]))
    piece_of_point = np.zeros(len(segments.xy), dtype=np.int32)
    piece_of_point[segments.tail], piece_of_point[segments.head] = piece_of, piece_of
    # Only pieces other than the main one look for company; the main one is found by them.
    lost = ends[piece_of_point[ends] > 0]
    dots = shapely.points(segments.xy[lost])
    point, line = shapely.STRtree(lines).query(dots, predicate="dwithin", distance=within_m)
    a, b = piece_of_point[lost[point]], piece_of[ground[line]]
    apart = a != b
    point, line, a, b = point[apart], line[apart], a[apart], b[apart]
    gap_m = shapely.distance(dots[point], lines[line])
    low, high = np.minimum(a, b), np.maximum(a, b)
    order = np.lexsort((line, point, gap_m, high, low))
    _, first = np.unique(np.column_stack([low, high])[order], axis=0, return_index=True)
    chosen = order[np.sort(first)]
    if not len(chosen):
        return replace(network, notes=(*network.notes, remark("no-gaps-closed", within_m=within_m)))

    start, onto = lost[point[chosen]], ground[line[chosen]]
    landing = shapely.get_coordinates(
        shapely.line_interpolate_point(
            lines[line[chosen]], shapely.line_locate_point(lines[line[chosen]], dots[point[chosen]])
        )
    )
    result = assemble(with_paths(segments, start, onto, landing), network.crs)
    before, after = (_main_length_share(net) for net in (network, result))
    pieces = int(network.component.max()) - int(result.component.max())
    note = remark(
        "gaps-closed", count=len(chosen), within_m=within_m, pieces=pieces, before=float(before), after=float(after)
    )
    return replace(result, notes=(*network.notes, note))


def leave_out_pieces(network: WalkNetwork, least_m: float) -> WalkNetwork:
    """Leave out pieces that hang together with nothing and hold less than ``least_m`` of street; the main one stays.

    Maps hold many paths in yards that are joined to no street. Doors beside one would snap to it and lead nowhere; without
    it they open on the next street, as they do on the ground. How many went is told in the notes of the result.

    Parameters
    ----------
    network : WalkNetwork
        Streets in pieces.
    least_m : float
        Metres of street a piece needs to stay.
    """
    street_m = np.bincount(network.edge_component, weights=network.street_m)
    stays = street_m >= least_m
    stays[0] = True
    if stays.all():
        return network
    segments = segments_of(network)
    owner = np.repeat(np.arange(network.n_edges), np.diff(network.shape_indptr) - 1)
    gone_m = float(street_m[~stays].sum())
    note = remark(
        "pieces-left-out", count=int((~stays).sum()), least_m=least_m, gone_m=gone_m, share=gone_m / street_m.sum()
    )
    return assemble(segments.taken(stays[network.edge_component[owner]], note), network.crs)


def pieces(network: WalkNetwork, homes: Snapped, people: NDArray[np.floating], *, gap_m: float = 30.0) -> pd.DataFrame:
    """List the pieces of the street network by the people who live on them.

    Parameters
    ----------
    network : WalkNetwork
        Streets.
    homes : Snapped
        Doors of the demand points.
    people : float[n]
        People per demand point.
    gap_m : float
        How far to look for the main piece.

    Returns
    -------
    DataFrame
        One row per piece with people, most people first: ``piece`` (0 the main one, −1 the people without any street),
        ``people``, ``people_share``, ``street_m``, ``gap_m`` (to the main piece; NaN beyond the parameter, 0 for itself),
        ``x``, ``y`` of the gap's end on the piece. A small gap before many people is a fault worth mending.
    """
    piece = np.full(homes.n, np.iinfo(np.int32).max, dtype=np.int64)
    on = homes.edge >= 0
    np.minimum.at(piece, homes.point[on], network.edge_component[homes.edge[on]])
    piece[~homes.connected] = -1
    weight = np.asarray(people, dtype=np.float64)
    label, place = np.unique(piece[weight > 0], return_inverse=True)
    count = np.bincount(place, weights=weight[weight > 0], minlength=len(label))
    street_m = np.bincount(network.edge_component, weights=network.street_m)
    main = shapely.STRtree(network.lines[network.edge_component == 0])
    rows = []
    for number, here in zip(label, count, strict=True):
        gap, x, y = (0.0, np.nan, np.nan) if number == 0 else (np.nan, np.nan, np.nan)
        if number > 0:
            ends = network.xy[network.component == number]
            (near, _), apart = main.query_nearest(
                shapely.points(ends), max_distance=gap_m, return_distance=True, all_matches=False
            )
            if len(near):
                best = int(apart.argmin())
                gap, (x, y) = float(apart[best]), ends[near[best]]
        rows.append((int(number), here, here / weight.sum(), street_m[number] if number >= 0 else 0.0, gap, x, y))
    columns = ["piece", "people", "people_share", "street_m", "gap_m", "x", "y"]
    return pd.DataFrame(rows, columns=columns).sort_values(
        ["people", "piece"], ascending=[False, True], ignore_index=True
    )


def _main_length_share(network: WalkNetwork) -> float:
    return float(network.street_m[network.edge_component == 0].sum() / network.street_m.sum())
