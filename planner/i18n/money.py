"""Amounts of money in the unit and layout of a language and a currency.

Symbols, names and layouts are Babel's (CLDR). A catalogue says what its language does otherwise: ``locale.money`` builds an
amount from them, ``locale.money_large`` one in the large unit (10,000 in Chinese), ``locale.money_label`` the unit in headings;
``locale.currency.CNY.name`` and the like replace what Babel has for one currency.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from planner.i18n.catalogue import messages, translate
from planner.i18n.formats import format_count

DEFAULT_CURRENCY = "CNY"


@dataclass(frozen=True)
class MoneyFormat:
    """Layouts of the amounts of one currency in one language, with ``{amount}`` for the number; the pages hold the same."""

    label: str
    """The unit in headings: ``€``, ``元``."""
    plain: str
    large: str
    large_unit: float
    """Amounts from this one on are written in this unit; 1: never."""
    short: str
    """For narrow columns."""
    short_unit: float
    short_decimals: int


@cache
def currencies() -> frozenset[str]:
    """Return every currency code of ISO 4217 that Babel knows.

    >>> "EUR" in currencies(), "euro" in currencies()
    (True, False)
    """
    from babel.numbers import list_currencies  # noqa: PLC0415 - `planner --help` does not wait for Babel

    return frozenset(list_currencies())


@cache
def money_format(language: str, currency: str) -> MoneyFormat:
    """Return how amounts of ``currency`` are written in ``language``.

    Raises
    ------
    KeyError
        No such language.

    >>> money_format("en", "EUR").plain, money_format("zh", "EUR").large, money_format("zh", "CNY").large
    ('€{amount}', '{amount} 万欧元', '{amount} 万元')
    """
    from babel import Locale  # noqa: PLC0415
    from babel.numbers import format_currency, get_currency_name, get_currency_symbol  # noqa: PLC0415

    texts = messages(language)
    locale = Locale.parse(translate("locale.tag", language), sep="-")
    parts = {
        "name": get_currency_name(currency, locale=locale),
        "symbol": get_currency_symbol(currency, locale=locale),
        "written": re.sub(r"([^\W\d_])?8([.,]0+)?", _spaced, format_currency(8, currency, locale=locale)),
        "amount": "{amount}",
    }
    parts |= {part: texts.get(f"locale.currency.{currency}.{part}", held) for part, held in parts.items()}

    def laid_out(key: str) -> str:
        return translate(f"locale.{key}", language, **parts)

    return MoneyFormat(
        label=laid_out("money_label"),
        plain=laid_out("money"),
        large=laid_out("money_large"),
        large_unit=float(texts["locale.money_unit"]),
        short=laid_out("money_short"),
        short_unit=float(texts["locale.money_short_unit"]),
        short_decimals=int(texts["locale.money_short_decimals"]),
    )


def _spaced(found: re.Match[str]) -> str:
    """Return the field of the amount, apart from a letter before it (currency spacing of CLDR, which Babel leaves out)."""
    return f"{found[1]}\N{NO-BREAK SPACE}{{amount}}" if found[1] else "{amount}"


def format_money(value: float, language: str, currency: str) -> str:
    """Return an amount of money without decimals; in the large unit of the language with two, from that amount on.

    >>> format_money(1_230_000, "zh", "CNY"), format_money(1_230_000, "en", "CNY"), format_money(-1_230_000, "en", "EUR")
    ('123 万元', '1,230,000 yuan', '−€1,230,000')
    """
    if value < 0:
        return "−" + format_money(-value, language, currency)
    layout = money_format(language, currency)
    if 1 < layout.large_unit <= value:
        amount = f"{value / layout.large_unit:,.2f}".rstrip("0").rstrip(".")
        return layout.large.replace("{amount}", amount)
    return layout.plain.replace("{amount}", format_count(value))


def money_label(language: str, currency: str) -> str:
    """Return the unit of money in headings.

    >>> money_label("en", "EUR"), money_label("zh", "EUR"), money_label("zh", "CNY")
    ('€', '欧元', '元')
    """
    return money_format(language, currency).label


def messages_of_currency(language: str, currency: str) -> dict[str, str]:
    """Return every text of ``language`` with the label of ``currency`` in the field ``{currency}``; other fields stay."""
    label = money_label(language, currency)
    return {key: text.replace("{currency}", label) for key, text in messages(language).items()}
