"""Small linear and 0/1 programmes in whole numbers: no rounding, no tolerance, no solver.

The simplex method with pivots that keep every entry whole (Edmonds 1967, Bareiss 1968) and the rule of Bland (1977),
which cannot cycle. For tens of columns and rows.
"""

from __future__ import annotations

from fractions import Fraction
from math import lcm

__all__ = ["maximise"]


def maximise(objective, rows, whole=()):
    """Return the greatest ``objective · y`` and one such y; None where no y ≥ 0 keeps every row.

    Parameters
    ----------
    objective
        Column → coefficient; columns are any hashable keys.
    rows
        (column → coefficient, most): the sum is at most ``most``.
    whole
        Columns that are 0 or 1. The caller's rows must keep them at most 1.
    """
    best = None
    waiting = [[]]
    while waiting:
        fixed = waiting.pop()
        found = _relaxed(objective, [*rows, *fixed])
        if found is None or (best is not None and found[0] <= best[0]):
            continue
        split = next((key for key in whole if found[1].get(key, 0) not in {0, 1}), None)
        if split is None:
            best = found
            continue
        waiting += [[*fixed, ({split: 1}, 0)], [*fixed, ({split: -1}, -1)]]
    return best


def _relaxed(objective, rows):
    columns = {key: j for j, key in enumerate(dict.fromkeys([*objective, *(key for row, _ in rows for key in row)]))}
    n, m = len(columns), len(rows)
    table = [_whole_row(row, most, columns, n + i, n + m) for i, (row, most) in enumerate(rows)]
    scale = lcm(*(Fraction(value).denominator for value in objective.values()), 1)
    last = [0] * (n + m + 1)
    for key, value in objective.items():
        last[columns[key]] = -int(Fraction(value) * scale)
    table.append(last)
    basis = [n + i for i in range(m)]
    if not _feasible(table, basis) or not _optimal(table, basis):
        return None
    values = {}
    for key, j in columns.items():
        if j in basis:
            i = basis.index(j)
            values[key] = Fraction(table[i][-1], table[i][j])
    return sum((Fraction(objective[key]) * values.get(key, 0) for key in objective), Fraction(0)), values


def _whole_row(row, most, columns, slack, width):
    """Return the row in whole numbers, its slack with coefficient 1."""
    scale = lcm(*(Fraction(value).denominator for value in row.values()), Fraction(most).denominator)
    entries = [0] * (width + 1)
    for key, value in row.items():
        entries[columns[key]] = int(Fraction(value) * scale)
    entries[slack] = 1
    entries[-1] = int(Fraction(most) * scale)
    return entries


def _pivot(table, basis, r, s, before):
    """Make column ``s`` basic in row ``r``; ``before`` is the pivot of the last step, by which every entry divides."""
    row, pivot = table[r], table[r][s]
    for i, other in enumerate(table):
        if i != r:
            factor = other[s]
            if factor:
                table[i] = [(pivot * a - factor * b) // before for a, b in zip(other, row, strict=True)]
            elif pivot != before:
                table[i] = [pivot * a // before for a in other]
    basis[r] = s


def _denominator(table, basis):
    return table[0][basis[0]] if basis else 1


def _feasible(table, basis):
    """Dual simplex without an objective: what is left of it must be kept only to the end of the rows."""
    while True:
        short = [(basis[i], i) for i in range(len(basis)) if table[i][-1] < 0]
        if not short:
            return True
        _, r = min(short)
        entering = next((j for j, value in enumerate(table[r][:-1]) if value < 0), None)
        if entering is None:
            return False
        before = _denominator(table, basis)
        table[r] = [-value for value in table[r]]
        _pivot(table, basis, r, entering, before)


def _optimal(table, basis):
    while True:
        entering = next((j for j, value in enumerate(table[-1][:-1]) if value < 0), None)
        if entering is None:
            return True
        leaving = None
        for i in range(len(basis)):
            if table[i][entering] > 0:
                if leaving is not None:
                    one, two = table[i][-1] * table[leaving][entering], table[leaving][-1] * table[i][entering]
                if leaving is None or one < two or (one == two and basis[i] < basis[leaving]):
                    leaving = i
        if leaving is None:
            raise ArithmeticError("the programme is unbounded")
        _pivot(table, basis, leaving, entering, _denominator(table, basis))
