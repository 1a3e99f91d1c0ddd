"""What ids, codes and column names of a study are called on outputs; a text without separators of ids where the study has no label."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING

from planner.i18n import format_count, join, messages, money_label, translate
from planner.report.evidence import figure_name
from planner.study.scenarios import BASE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from planner.store.comparison import Setting
    from planner.study import Language, Study

_POINT = re.compile(r"(?P<key>.+?)-(?P<value>.+)")


def plain_words(text: str) -> str:
    """Return an id as words.

    >>> plain_words("whole-city"), plain_words("town_area")
    ('whole city', 'town area')
    """
    return " ".join(re.sub(r"[_\-]+", " ", text).split())


def roll_up_name(study: Study, column: str, language: Language) -> str:
    """Return what a roll-up column is called."""
    label = study.layers.communities.roll_up_names.get(column)
    return plain_words(column) if label is None else label.text(language)


def kind_name(study: Study, kind: str, language: Language) -> str:
    """Return what a kind of sites is called."""
    return study.site_kinds[kind].name.text(language) if kind in study.site_kinds else plain_words(kind)


def size_name(study: Study, service: str, size: str, language: Language) -> str:
    """Return what a size of a service is called; empty for the only one."""
    sizes = {
        (one.id, variant.id): variant.name
        for one in study.services
        for variant in one.sizes
        if variant.name is not None
    }
    label = sizes.get((service, size))
    return plain_words(size) if label is None else label.text(language)


def mode_name(study: Study, mode: str, language: Language) -> str:
    """Return what a supply mode is called."""
    return study.budgets.modes[mode].name.text(language) if mode in study.budgets.modes else plain_words(mode)


def department_name(study: Study, department: str, language: Language) -> str:
    """Return what a department is called."""
    known = study.budgets.departments
    return known[department].name.text(language) if department in known else plain_words(department)


def scenario_name(study: Study, scenario: str, labels: Mapping[str, str], language: Language) -> str:
    """Return what a scenario is called.

    Parameters
    ----------
    scenario
        Its name, with the points of its matrix: ``ageing+capital_cost-4000000``.
    labels
        Language → label of the scenario, as a manifest holds it; empty: it has none.
    """
    if scenario == BASE:
        return translate("compare.base_scenario", language)
    name, *points = scenario.split("+")
    first = labels.get(language) or labels.get("en") or plain_words(name)
    return " · ".join([first, *(_point(point, study, language) for point in points)])


def _point(point: str, study: Study, language: Language) -> str:
    """Return a point of a matrix, ``key-value``, in words."""
    found = _POINT.fullmatch(point)
    if found is None:
        return plain_words(point)
    key, value = found["key"].rpartition(".")[2], found["value"]
    value = format_count(float(value)) if value.isdigit() and len(value) > 3 else plain_words(value)
    return f"{setting_field_name(key, study, language)} {value}"


def setting_field_name(field: str, study: Study, language: Language) -> str:
    """Return the name of a field of a study: of settings, else of figures, else its words."""
    key = f"compare.setting.{field.removesuffix('_cost')}"
    if key in messages(language):
        return translate(key, language, currency=money_label(language, study.currency))
    name = figure_name(field, language, study.currency)
    return plain_words(field) if name == field else name


def setting_name(keys: str, study: Study, language: Language) -> str:
    """Return what dotted keys of the study, several between commas, are called: whose setting it is, then which."""
    return join([_setting(key, study, language) for key in keys.split(", ")], language, "phrases")


def setting_value(text: str, language: Language) -> str:
    """Return values between semicolons: numbers with separators, lists by how many entries they have."""
    return "; ".join(_setting_value(value, language) for value in text.split("; "))


def _setting(key: str, study: Study, language: Language) -> str:
    name, more, rest = key.partition(" (+")
    owners = {service.id: service.name for service in study.services}
    owners |= {group: one.name for group, one in study.groups.items()}
    owners |= {kind: one.name for kind, one in study.site_kinds.items()}
    owners |= {department: one.name for department, one in study.budgets.departments.items()}
    owners |= {walker: one.name for walker, one in study.walking.profiles.items() if one.name is not None}
    *path, last = name.split(".")
    whose = [owners[part].text(language) for part in path if part in owners]
    which = owners[last].text(language) if last in owners else setting_field_name(last, study, language)
    return " · ".join([*whose, which]) + more + rest


def _setting_value(text: str, language: Language) -> str:
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


def layer_name(layer: str, language: Language) -> str:
    """Return what a layer of a study is called: ``layers.people.1`` is the second of people.

    >>> layer_name("layers.people.1", "en"), layer_name("layers.streets", "en")
    ('people 2', 'streets')
    """
    sort, _, position = layer.removeprefix("layers.").partition(".")
    key = f"layer.{sort}"
    name = translate(key, language) if key in messages(language) else plain_words(sort)
    return f"{name} {int(position) + 1}" if position.isdigit() else name


def run_name(run: str, settings: Mapping[str, Setting], language: Language) -> str:
    """Return what a compared run is called: study, where several are compared, and scenario; of a copy, its folder too."""
    study, _, folder = run.rpartition("/")
    setting = settings[study]
    scenario, labels = setting.scenarios[run]
    name = scenario_name(setting.study, scenario, labels, language)
    if folder != scenario:
        name += f" ({plain_words(folder.removeprefix(scenario).lstrip('@'))})"
    return f"{study_name(study, settings, language)} · {name}" if len(settings) > 1 else name


def people_heading(heading: str, language: Language, weighted: Iterable[bool]) -> str:
    """Return a heading of people, whose unit is weighted people where all its figures are; the column of units tells where some are.

    >>> people_heading("covered (people)", "en", [True]), people_heading("covered (people)", "en", [True, False])
    ('covered (weighted people)', 'covered')
    """
    kinds = {bool(one) for one in weighted}
    if True not in kinds:
        return heading
    unit = "" if False in kinds else translate("report.unit_weighted", language)
    for left, right, space in (("(", ")", " "), ("（", "）", "")):
        people = f"{space}{left}{translate('report.unit_people', language)}{right}"
        heading = heading.replace(people, f"{space}{left}{unit}{right}" if unit else "")
    return heading


def level_names(rows: pd.DataFrame, settings: Mapping[str, Setting], language: Language) -> list[str]:
    """Return what the roll-up columns of a compared table are called, each in the study of its run; empty: communities."""
    community = translate("assess.level.community", language)
    return [
        roll_up_name(settings[run.rpartition("/")[0]].study, column, language) if column else community
        for run, column in zip(rows["run"], rows["column"], strict=True)
    ]


def service_name(service: str, settings: Mapping[str, Setting], language: Language) -> str:
    """Return what a service is called in the first study that has it."""
    known = (setting.services[service] for setting in settings.values() if service in setting.services)
    return next((label.text(language) for label in known), service)


def group_name(group: str, settings: Mapping[str, Setting], language: Language) -> str:
    """Return what a group of people is called in the first study that has it."""
    known = (setting.study.groups[group] for setting in settings.values() if group in setting.study.groups)
    return next((one.name.text(language) for one in known), group)


def study_name(study: str, settings: Mapping[str, Setting], language: Language) -> str:
    """Return what a compared study is called, with its file's name where two are called alike; without any run, the words of that."""
    if study not in settings:
        return plain_words(study)
    names = [setting.name.text(language) for setting in settings.values()]
    name = settings[study].name.text(language)
    return f"{name} ({plain_words(study)})" if names.count(name) > 1 else name


def scenario_of_studies(scenario: str, settings: Mapping[str, Setting], language: Language) -> str:
    """Return what a scenario of several studies is called, by the first study that has a label for it."""
    study = next(iter(settings.values())).study
    labels = [held for one in settings.values() for name, held in one.scenarios.values() if name == scenario]
    return scenario_name(study, scenario, next((one for one in labels if one), {}), language)
