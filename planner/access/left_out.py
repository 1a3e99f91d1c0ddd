"""Streets that a file holds and nobody may walk, and barriers that let nobody pass: what was closed, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyproj
import shapely

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from planner.access.assemble import Segments


@dataclass(frozen=True, eq=False, slots=True)
class LeftOut:
    """Closed streets and closed barriers of a street file.

    Attributes
    ----------
    reasons : tuple of str
        Why streets are closed, each once: ``access=private``, ``foot=use_sidepath``, ``道路等级=高速公路`` …
    reason : int32[k]
        Position in ``reasons`` of each closed street.
    shape_indptr, shape_xy : int64[k + 1], float64[s, 2]
        Their polylines, in metres.
    barrier_xy : float64[b, 2]
        Closed barriers on streets that are walked.
    barrier_ids, barrier_tags : tuple of str
        Their ids in the file, and the tag that closes each.
    """

    reasons: tuple[str, ...]
    reason: NDArray[np.int32]
    shape_indptr: NDArray[np.int64]
    shape_xy: NDArray[np.float64]
    barrier_xy: NDArray[np.float64]
    barrier_ids: tuple[str, ...] = ()
    barrier_tags: tuple[str, ...] = ()

    @property
    def lines(self) -> NDArray[np.object_]:
        """Each closed street as a LineString."""
        owner = np.repeat(np.arange(len(self.reason)), np.diff(self.shape_indptr))
        return np.asarray(shapely.linestrings(self.shape_xy, indices=owner), dtype=object)


def left_out_lines(
    why: Sequence[str],
    count: Sequence[int],
    xy: NDArray[np.float64],
) -> LeftOut:
    """Gather closed streets.

    Parameters
    ----------
    why : sequence of str
        Reason of each street.
    count : sequence of int
        Points of each.
    xy : float64[sum(count), 2]
        All points in order, in metres; streets with a point that is not finite, or with a single one, are dropped.
    """
    points = np.asarray(count, dtype=np.int64)
    owner = np.repeat(np.arange(len(points)), points)
    placed = np.isfinite(xy).all(axis=1)
    kept = np.bincount(owner[placed], minlength=len(points)) == points
    kept &= points > 1
    reasons = sorted({text for text, stays in zip(why, kept, strict=True) if stays})
    position = {text: number for number, text in enumerate(reasons)}
    return LeftOut(
        reasons=tuple(reasons),
        reason=np.array([position[text] for text, stays in zip(why, kept, strict=True) if stays], dtype=np.int32),
        shape_indptr=np.concatenate([[0], np.cumsum(points[kept])]).astype(np.int64),
        shape_xy=xy[kept[owner]],
        barrier_xy=np.zeros((0, 2)),
    )


def projected(x: NDArray[np.int64], y: NDArray[np.int64], crs: pyproj.CRS) -> NDArray[np.float64]:
    """Place coordinates in 1e-7 degrees (EPSG:4326) in ``crs``, as float64[k, 2]; what cannot be placed is not finite."""
    return np.column_stack(pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(x * 1e-7, y * 1e-7))


def ended_at(segments: Segments, barred: NDArray[np.bool_]) -> Segments:
    """End every street at the points nobody passes: each side keeps an end of its own, where the point was.

    Parameters
    ----------
    segments : Segments
        Streets.
    barred : bool[p]
        Points that let nobody pass.
    """
    if not barred.any():
        return segments
    ends = np.concatenate([segments.tail, segments.head])
    stopped = np.flatnonzero(barred[ends])
    old = ends[stopped]
    ends[stopped] = len(segments.xy) + np.arange(len(stopped))
    n = len(segments.tail)
    return replace(
        segments,
        xy=np.concatenate([segments.xy, segments.xy[old]]),
        tail=ends[:n],
        head=ends[n:],
        signals=np.concatenate([segments.signals, np.zeros(len(old), dtype=np.bool_)]),
    )


def ended_at_barriers(segments: Segments) -> Segments:
    """End every street at the closed barriers of the file."""
    places = np.zeros((0, 2)) if segments.left_out is None else segments.left_out.barrier_xy
    return ended_at(segments, at_places(segments.xy, places))


def at_places(xy: NDArray[np.float64], places: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mark the points that lie exactly at one of the places, as bool[len(xy)]."""
    marked: NDArray[np.bool_] = np.isin(xy[:, 0] + 1j * xy[:, 1], places[:, 0] + 1j * places[:, 1])
    return marked
