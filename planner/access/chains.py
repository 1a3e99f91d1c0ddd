"""Contraction of degree-2 chains: a street with fifty bends is one edge between two junctions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.access.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray


def contract(
    n_points: int,
    tail: NDArray[np.int64],
    head: NDArray[np.int64],
    class_key: NDArray[np.int32],
    fixed: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Join segments into chains that run from junction to junction.

    A point stays a junction where other than two segments meet, where the class changes, or where ``fixed`` says so;
    a ring without any junction keeps one of its points.

    Returns
    -------
    chain_indptr : int64[c + 1]
        Where the points of each chain begin.
    chain_point : int64[k]
        Points of the chains in order, both ends included.
    chain_segment : int64[c]
        The first segment of each chain; the others are of the same class.
    """
    ends = np.concatenate([tail, head])
    degree = np.bincount(ends, minlength=n_points)
    incidence = np.argsort(ends, kind="stable")
    indptr = np.concatenate([[0], np.cumsum(degree)])
    segment = incidence % len(tail)
    two = np.flatnonzero(degree == 2)
    junction = degree != 2
    junction[two] = class_key[segment[indptr[two]]] != class_key[segment[indptr[two] + 1]]
    junction |= fixed
    return _follow(junction, indptr, segment, tail, head)


@compiled
def _follow(
    junction: NDArray[np.bool_],
    indptr: NDArray[np.int64],
    segment: NDArray[np.int64],
    tail: NDArray[np.int64],
    head: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Follow every chain once, first from the junctions, then round the rings that have none."""
    n_segments = len(tail)
    done = np.zeros(n_segments, np.bool_)
    chain_indptr = np.zeros(n_segments + 1, np.int64)
    chain_segment = np.empty(n_segments, np.int64)
    chain_point = np.empty(2 * n_segments, np.int64)
    chains = 0
    used = 0
    for rings in range(2):
        for start in range(len(junction)):
            if not junction[start] and rings == 0:
                continue
            for slot in range(indptr[start], indptr[start + 1]):
                current = segment[slot]
                if done[current]:
                    continue
                chain_segment[chains] = current
                chain_point[used] = start
                used += 1
                point = start
                while True:
                    done[current] = True
                    point = head[current] if tail[current] == point else tail[current]
                    chain_point[used] = point
                    used += 1
                    if junction[point] or point == start:
                        break
                    ahead = segment[indptr[point]]
                    current = segment[indptr[point] + 1] if ahead == current else ahead
                chains += 1
                chain_indptr[chains] = used
    return chain_indptr[: chains + 1].copy(), chain_point[:used].copy(), chain_segment[:chains].copy()
