"""What the keys and values of a study are called where runs that differ in them are compared."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

from planner.i18n import format_count, join, messages, money_label, translate
from planner.report.evidence import figure_name

if TYPE_CHECKING:
    from planner.study import Language, Study


def setting_name(keys: str, study: Study, language: Language) -> str:
    """Return what dotted keys of the study, several between commas, are called: whose setting it is, then which."""
    return join([_one(key, study, language) for key in keys.split(", ")], language, "phrases")


def setting_value(text: str, language: Language) -> str:
    """Return values between semicolons: numbers with separators, lists by how many entries they have."""
    return "; ".join(_value(value, language) for value in text.split("; "))


def _one(key: str, study: Study, language: Language) -> str:
    name, more, rest = key.partition(" (+")
    owners = {service.id: service.name for service in study.services}
    owners |= {group: one.name for group, one in study.groups.items()}
    owners |= {kind: one.name for kind, one in study.site_kinds.items()}
    owners |= {department: one.name for department, one in study.budgets.departments.items()}
    owners |= {walker: one.name for walker, one in study.walking.profiles.items() if one.name is not None}
    *path, last = name.split(".")
    whose = [owners[part].text(language) for part in path if part in owners]
    which = owners[last].text(language) if last in owners else _which(last, study, language)
    return " · ".join([*whose, which]) + more + rest


def _which(field: str, study: Study, language: Language) -> str:
    """Return the name of a field: of settings, else of figures, else its words."""
    key = f"compare.setting.{field.removesuffix('_cost')}"
    if key in messages(language):
        return translate(key, language, currency=money_label(language, study.currency))
    name = figure_name(field, language, study.currency)
    return name if name != field else field.replace("_", " ")


def _value(text: str, language: Language) -> str:
    try:
        value = json.loads(text)
    except ValueError:
        return text.replace("_", " ")
    if isinstance(value, list | dict):
        return translate("compare.setting_entries", language, count=len(value))
    if isinstance(value, bool):
        return translate("report.yes" if value else "report.no", language)
    if isinstance(value, int | float) and math.isfinite(value) and value == int(value) and abs(value) >= 1000:
        return format_count(value)
    return translate("compare.setting_none", language) if value is None else text
