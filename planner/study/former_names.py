"""Names of keys and columns that had a currency in them, and the names they have now; both are read."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

#: former name → name of today, of keys of a study and columns of layers and stored tables
FORMER_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "capital_yuan": "capital_cost",
        "yearly_yuan": "yearly_cost",
        "fit_out_yuan": "fit_out_cost",
        "setup_yuan": "setup_cost",
        "setup_yuan_per_m2": "setup_cost_per_m2",
        "close_yuan": "close_cost",
        "extend_yuan": "extend_cost",
        "move_yuan": "move_cost",
        "capital_yuan_by_year": "capital_cost_by_year",
        "closing_yuan": "closing_cost",
        "capital_limit_yuan": "capital_limit",
        "yearly_limit_yuan": "yearly_limit",
        "unspent_yuan": "unspent_capital",
    }
)
_FORMER_OF = {name: former for former, name in FORMER_NAMES.items()}


class BothNamesError(ValueError):
    """A value stands under its former name and under that of today, and they differ."""

    def __init__(self, former: str) -> None:
        self.former, self.name = former, FORMER_NAMES[former]
        super().__init__(f"{self.name} and {self.former}, its former name, have different values")


def other_name(name: str) -> str | None:
    """Return the other name of a key: the former one of a name of today, or the reverse; None if it has one name alone.

    >>> other_name("capital_cost") == next(iter(FORMER_NAMES)), other_name("area_m2")
    (True, None)
    """
    return FORMER_NAMES.get(name) or _FORMER_OF.get(name)


def as_written_in(block: Container[str], name: str) -> str:
    """Return the one of the two names of a key that ``block`` holds; ``name`` itself if it holds neither."""
    other = other_name(name)
    return other if other is not None and name not in block and other in block else name


def with_names_of_today(values: Mapping[str, Any], known: Container[str]) -> dict[str, Any]:
    """Return ``values`` with former names replaced where today's is among ``known``; the order stays.

    Raises
    ------
    BothNamesError
        if both names stand there with different values.
    """
    named: dict[str, Any] = {}
    for key, value in values.items():
        name = FORMER_NAMES.get(key, key)
        if name == key or name not in known or key in known:
            named[key] = value
        elif name not in values:
            named[name] = value
        elif values[name] != value:
            raise BothNamesError(key)
    return named


def former_columns(columns: Iterable[str], required: Iterable[str]) -> dict[str, str]:
    """Return former name → name of today for the ``required`` columns of a table that hold their values under the former name."""
    held = set(columns)
    wanted = {_FORMER_OF[name]: name for name in required if name in _FORMER_OF and name not in held}
    return {former: name for former, name in wanted.items() if former in held}
