"""Texts in every installed language, from gettext catalogues, and figures formatted for readers."""

from planner.i18n.catalogue import join, languages, messages, text_column, translate
from planner.i18n.formats import format_change, format_count, format_gap, format_share, name_with_id
from planner.i18n.money import (
    DEFAULT_CURRENCY,
    currencies,
    format_money,
    messages_of_currency,
    money_format,
    money_label,
)

__all__ = [
    "DEFAULT_CURRENCY",
    "currencies",
    "format_change",
    "format_count",
    "format_gap",
    "format_money",
    "format_share",
    "join",
    "languages",
    "messages",
    "messages_of_currency",
    "money_format",
    "money_label",
    "name_with_id",
    "text_column",
    "translate",
]
