"""Texts in every installed language, from gettext catalogues, and figures formatted for readers."""

from planner.i18n.catalogue import join, languages, messages, text_column, translate
from planner.i18n.formats import format_change, format_count, format_gap, format_money, format_share, name_with_id

__all__ = [
    "format_change",
    "format_count",
    "format_gap",
    "format_money",
    "format_share",
    "join",
    "languages",
    "messages",
    "name_with_id",
    "text_column",
    "translate",
]
