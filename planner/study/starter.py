"""A study to start from: small, whole, commented in Chinese and English, its keys those of the models."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, get_args

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from planner.study.model import Study

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

#: what a starter asks; every figure in it is an example, and said to be one
_ASKED: dict[str, Any] = {
    "version": 1,
    "name": {"zh": "示例片区", "en": "Sample district"},
    "language": "zh",
    "currency": "CNY",
    "crs": "auto",
    "layers": {
        "communities": {"path": "layers/communities.shp", "columns": {"id": "id", "name": "name"}, "roll_up": []},
        "people": [
            {
                "path": "layers/communities.shp",
                "columns": {"id": "id"},
                "groups": {"aged_60": "aged_60", "aged_0_2": "aged_0_2"},
                "basis": "resident",
                "year": 2020,
                "source": "填写来源 / say who published the figures",
                "spread": "point",
            }
        ],
        "facilities": [
            {
                "path": "layers/facilities.shp",
                "columns": {"id": "id", "name": "name", "service": "service", "capacity": "capacity"},
            }
        ],
        "candidates": [
            {
                "path": "layers/candidates.shp",
                "kind": "vacant_room",
                "columns": {"id": "id", "name": "name", "area_m2": "area_m2"},
            }
        ],
        "streets": {"path": "layers/streets.osm.pbf"},
    },
    "groups": {
        "aged_60": {"name": {"zh": "60 岁及以上", "en": "aged 60 and over"}, "protected": True, "from_age": 60},
        "aged_0_2": {"name": {"zh": "0–2 岁", "en": "aged 0 to 2"}, "from_age": 0, "to_age": 2},
    },
    "walking": {
        "profiles": {
            "adult": {"name": {"zh": "标准成人", "en": "Standard adult"}, "speed_m_s": 1.2, "source": "1.2 m/s"},
            "aged_80": {
                "name": {"zh": "80 岁老人", "en": "Person of 80"},
                "speed_m_s": 0.75,
                "source": "England, aged 75–84: 0.75 m/s",
            },
        },
        "compare": ["adult", "aged_80"],
    },
    "services": [
        {
            "id": "elder_care",
            "name": {"zh": "养老服务", "en": "Elder care"},
            "demand": {"aged_60": 1},
            "walker": "aged_80",
            "circles": [{"minutes": 5, "weight": 1.0}, {"minutes": 10, "weight": 0.6}, {"minutes": 15, "weight": 0.3}],
            "area_m2": 350,
            "fit_out_cost": 1050000,
            "standards": ["elder_care_in_5", "elder_beds"],
        },
        {
            "id": "canteen",
            "name": {"zh": "社区食堂", "en": "Community canteen"},
            "demand": {"aged_60": 1},
            "walker": "aged_80",
            "circles": [{"minutes": 5, "weight": 1.0}, {"minutes": 10, "weight": 0.6}, {"minutes": 15, "weight": 0.3}],
            "area_m2": 150,
            "fit_out_cost": 300000,
        },
        {
            "id": "childcare",
            "name": {"zh": "托育服务", "en": "Childcare"},
            "demand": {"aged_0_2": 1},
            "walker": "adult",
            "circles": [{"minutes": 5, "weight": 1.0}, {"minutes": 10, "weight": 0.6}, {"minutes": 15, "weight": 0.3}],
            "area_m2": 200,
            "fit_out_cost": 600000,
            "max_storey": 2,
            "standards": ["childcare_in_10", "childcare_places"],
        },
    ],
    "site_kinds": {"vacant_room": {"name": {"zh": "存量房", "en": "Vacant room"}, "setup_cost": 100000}},
    "budgets": {"capital_cost": 8000000},
    "siting": {"objective": ["coverage", "cost"], "max_sites": 6},
    "solver": {"time_limit_s": 60, "threads": 2},
    "publication": {"sources": []},
    "scenarios": [{"name": "frail", "set": {"walking.profiles.aged_80.speed_m_s": 0.64}}],
    "notes": [
        {
            "zh": "费用、面积和步速均为示例，请逐项核实。",
            "en": "Costs, areas and speeds are examples: check each of them.",
        }
    ],
}

#: key → comment (中文, English); without English, what the model's own docstring says stands there
_COMMENTS: dict[str, tuple[str, str]] = {
    "version": ("研究文件的版本，固定为 1", "Version of the study file, always 1"),
    "name": ("片区名称（中文、英文）", "Name of the district"),
    "language": ("图和表的语言：zh 或 en", "Language of maps and tables: zh or en"),
    "currency": ("币种：ISO 4217 代码，全部费用以此计", "Currency of every amount of money, a code of ISO 4217"),
    "crs": ("计算用的米制坐标系；auto 表示按数据自动选择", ""),
    "layers": (
        "图层：路径相对本文件；把路径和列名改成您的",
        "Layers: paths are relative to this file; put your paths and column names",
    ),
    "layers.communities": (
        "社区面：每一项结果都按社区汇总；roll_up 填街道、镇等列。没有边界时：点位加 cells: voronoi，任意图层加 cells: grid, cell_m: 500",
        "Polygons of communities; every result is reported by them. Without borders: points and cells: voronoi, or any layer and cells: grid, cell_m: 500",
    ),
    "layers.people": (
        "各类人口：列名、口径（户籍 registered / 常住 resident）、年份、来源",
        "People by group: column, basis, year, source",
    ),
    "layers.facilities": (
        "现有设施；capacity、area_m2 有则填，标准对照要用",
        "What exists; capacity and area_m2 serve the standards",
    ),
    "layers.candidates": ("备选用房、用地", ""),
    "layers.streets": (
        "路网：OpenStreetMap 或任意线图层，须超出片区一个最大步行圈",
        "Streets: an OpenStreetMap extract or any line layer, reaching past the district by the widest circle",
    ),
    "groups": (
        "人群；protected 为兜底人群（全体底线对其单独成立），年龄用于对照标准",
        "Groups of people; floors for everybody hold for each protected one by itself, ages serve the standards",
    ),
    "walking": ("步行者：速度（m/s）和来源", "Walkers: speed in m/s and where it comes from"),
    "walking.compare": ("现状评估中并列比较的两种步行者", ""),
    "services": ("服务：可增可减，不需要改程序", "Services: add or take away, no code is needed"),
    "site_kinds": ("备选点类型的缺省假设", "What is assumed of candidates of a kind"),
    "budgets": ("资金上限；不写则不限", "Money there is; what is not named is not limited"),
    "siting": ("选址问题：目标与规则", ""),
    "solver": ("求解时间与精度", ""),
    "publication": ("图框：审图号、密级、编制单位、数据来源", ""),
    "scenarios": ("情景：在上面的基础上改动若干项", ""),
    "notes": ("随每份成果印出的说明", "Cautions printed with every result"),
}

_HEAD = """\
# yaml-language-server: $schema={schema}
# 起始研究文件：先改 layers 中的路径和列名，再逐项核实数字；`planner check` 一次列出全部问题。
# A study to start from: put your own paths and columns under layers, check every figure; `planner check` names every fault at once.
# 全部可用的键见 / every key there is: study-reference.md
"""

_WIDE = 120


def starter_text(schema: str = "study.schema.json") -> str:
    """Return the YAML of a study to start from; ``schema`` is the JSON Schema beside it, for editors."""
    study = _commented(_ASKED, Study, "")
    yaml = YAML()
    yaml.width, yaml.allow_unicode = _WIDE, True
    yaml.indent(mapping=2, sequence=4, offset=2)
    text = io.StringIO()
    yaml.dump(study, text)
    return _HEAD.format(schema=schema) + text.getvalue()


def _commented(values: Mapping[str, Any], model: type[BaseModel] | None, path: str) -> CommentedMap:
    block = CommentedMap()
    depth = 2 * path.count(".") + (2 if path else 0)
    for key, value in values.items():
        here = f"{path}.{key}" if path else key
        inner = model.model_fields[key].annotation if model is not None and key in model.model_fields else None
        nested = inner if isinstance(inner, type) else None
        block[key] = _value(value, nested, here)
        if here in _COMMENTS:
            zh, en = _COMMENTS[here]
            said = en or _said(model, key)
            block.yaml_set_comment_before_after_key(key, before=f"{zh}\n{said}", indent=depth)
    return block


def _value(value: Any, model: Any, path: str) -> Any:
    """Return blocks as blocks, what is small on one line."""
    if isinstance(value, dict):
        if path in ("layers", "walking"):
            return _commented(value, model, path)
        block = CommentedMap({key: _value(inner, None, f"{path}.{key}.") for key, inner in value.items()})
        if len(repr(value)) < _WIDE - 20 and not any(
            isinstance(inner, dict | list) and len(inner) > 2 for inner in value.values()
        ):
            block.fa.set_flow_style()
        return block
    if isinstance(value, list):
        items = CommentedSeq([_value(inner, None, f"{path}.0.") for inner in value])
        if len(repr(value)) < _WIDE - 20:
            items.fa.set_flow_style()
        return items
    return value


def _said(model: type[BaseModel] | None, key: str) -> str:
    """Return the first sentence of what the models say of a key: its own docstring, else that of its block."""
    assert model is not None, key  # noqa: S101 - only keys of blocks are commented so
    field = model.model_fields[key]
    said = field.description or _docstring(field.annotation)
    return " ".join(said.split()).split(". ")[0].rstrip(".")


def _docstring(annotation: Any) -> str:
    if isinstance(annotation, type):
        return annotation.__doc__ or ""
    return next((text for inner in get_args(annotation) if (text := _docstring(inner))), "")
