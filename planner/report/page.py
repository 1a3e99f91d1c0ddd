"""Self-contained HTML page: everything inlined, ids renumbered, scripts restricted by a content security policy.

folium writes the skeleton and the map object; Leaflet comes from the ``xstatic-leaflet`` package; scripts and styles lie in
``web/``. The policy admits exactly these scripts by their sha256, so that a name that escaped escaping could not run.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import asdict
from html import escape
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import folium
from branca.element import Figure, MacroElement
from jinja2 import Template
from xstatic.pkg import leaflet

from planner.errors import OutputError
from planner.i18n import languages, money_format, translate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from planner.study import Study

LEAFLET = Path(leaflet.BASE_DIR)
#: what folium's page says against zooming, which people with weak eyes need
ZOOM_FORBIDDEN = ", maximum-scale=1.0, user-scalable=no"
#: scripts of every page with a map: ground, marks, names and the panel below it on a phone
MAP_SCRIPTS = ("base_map.js", "ground.js", "marks.js", "labels.js", "phone.js")
#: the element of the map in folium's page
MAP_ELEMENT = '<div class="folium-map" id="map_1" ></div>'


class _Placeholders(MacroElement):
    """Placeholders in folium's page for data blocks, scripts and the call that starts them."""

    _template = Template(
        """
        {% macro html(this, kwargs) %}
            @@data@@
        {% endmacro %}
        {% macro script(this, kwargs) %}
            planner.start({{ this._parent.get_name() }});
        {% endmacro %}
        """
    )


def page(
    *,
    study: Study,
    about: str,
    focus: Sequence[Sequence[float]],
    scripts: Sequence[str],
    styles: Sequence[str],
    data: Mapping[str, Any],
) -> str:
    """Return a whole page as text.

    Parameters
    ----------
    study
        Its name begins the title of the window, and its language is the page's, for the browser and for screen readers.
    about
        Key of the text that follows the name.
    focus
        [[south, west], [north, east]] in degrees, whose middle the map starts from; the scripts fit it to what it shows.
    scripts, styles
        Files of ``planner/report/web``, in the order they are to be read; the last script defines ``planner.start(map)``.
    data
        Data blocks: id of the element → JSON value.

    Raises
    ------
    OutputError
        if the page would request anything over the network.
    """
    language = study.language
    (south, west), (north, east) = focus
    folium_map = folium.Map(
        location=[(south + north) / 2, (west + east) / 2],
        tiles=None,
        zoom_control=False,
        attribution_control=False,
        zoom_snap=0.25,
        zoom_delta=0.5,
        fade_animation=False,
    )
    folium_map.default_js = [("leaflet", "leaflet.js")]
    folium_map.default_css = [("leaflet_css", "leaflet.css")]
    folium_map.add_child(_Placeholders())  # type: ignore[no-untyped-call]
    figure = folium_map.get_root()
    if not isinstance(figure, Figure):  # folium puts every map into one
        raise TypeError(type(figure).__name__)
    figure.title = "@@title@@"
    skeleton = _renumber(figure.render())
    blocks = "\n".join(
        f'<script type="application/json" id="{escape(name)}">{json_for_html(value)}</script>'
        for name, value in data.items()
    )
    sheets = "\n".join(f"<style>{_asset(name)}</style>" for name in styles)
    code = "\n".join(f"<script>{_asset(name)}</script>" for name in scripts)
    text = _put(
        skeleton,
        {
            "<html>": f'<html lang="{translate("locale.tag", language)}" data-locales="{escape(_locales(study.currency))}">',
            '<script src="leaflet.js"></script>': f"<script>{leaflet_script()}</script>",
            '<link rel="stylesheet" href="leaflet.css"/>': f"<style>{leaflet_style()}</style>",
            ZOOM_FORBIDDEN: "",
            MAP_ELEMENT: f'<main class="folium-map" id="map_1" aria-label="{escape(translate("report.map_label", language))}"></main>',
            "@@title@@": escape(f"{study.name.text(language)} · {translate(about, language)}"),
            "</head>": f"{sheets}\n</head>",
            "@@data@@": f"{blocks}\n{code}",
        },
    )
    text = text.replace("<head>", f"<head>\n{_policy(text)}", 1)
    _refuse_references(text)
    return text


def _locales(currency: str) -> str:
    """Return tag, name, separators and layouts of money of every language, as the scripts read them from the root element."""
    return json.dumps(
        {
            language: {
                **{
                    part: translate(f"locale.{part}", language)
                    for part in ("tag", "name", "list", "clauses", "phrases")
                },
                "money": asdict(money_format(language, currency)),
            }
            for language in languages()
        },
        ensure_ascii=False,
        sort_keys=True,
    )


def json_for_html(value: Any) -> str:
    """Return ``value`` as JSON that can stand inside a script element: no character of it can end or open markup."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


def _put(skeleton: str, parts: Mapping[str, str]) -> str:
    """Replace each placeholder, which must occur exactly once, in one pass: replacements are not searched again."""
    for mark in parts:
        if skeleton.count(mark) != 1:
            msg = f"folium's page holds {mark!r} {skeleton.count(mark)} times instead of once; this version of folium is not known"
            raise OutputError(msg)
    pattern = re.compile("|".join(re.escape(mark) for mark in parts))
    return pattern.sub(lambda inline: parts[inline.group()], skeleton)


def _renumber(skeleton: str) -> str:
    """Replace folium's random 32-digit ids by numbers in order of appearance, so that equal runs give equal bytes."""
    numbers: dict[str, str] = {}
    return re.sub(
        r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])",
        lambda inline: numbers.setdefault(inline.group(), str(len(numbers) + 1)),
        skeleton,
    )


def _asset(name: str) -> str:
    return (resources.files("planner.report") / "web" / name).read_text(encoding="utf-8")


def leaflet_script() -> str:
    """Return Leaflet's script without the reference to its source map."""
    script = (LEAFLET / "leaflet.js").read_text(encoding="utf-8")
    return re.sub(r"//# sourceMappingURL=\S*", "", script).rstrip()


def leaflet_style() -> str:
    """Return Leaflet's style sheet with its images as data."""
    style = (LEAFLET / "leaflet.css").read_text(encoding="utf-8")

    def as_data(inline: re.Match[str]) -> str:
        image = base64.b64encode((LEAFLET / inline.group(1)).read_bytes()).decode("ascii")
        return f"url(data:image/png;base64,{image})"

    return re.sub(r"url\((images/[\w.-]+\.png)\)", as_data, style)


class _Inline(HTMLParser):
    """Collects scripts, styles, references and event handlers of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self.references: list[str] = []
        self.handlers: list[str] = []
        self._into: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.references += [
            str(attributes[name]) for name in ("src", "href", "srcset", "data", "poster") if attributes.get(name)
        ]
        self.handlers += [name for name in attributes if name.startswith("on")]
        if tag == "script" and attributes.get("type") != "application/json":
            self._into = self.scripts
        elif tag == "style":
            self._into = self.styles
        if self._into is not None:
            self._into.append("")

    def handle_data(self, data: str) -> None:
        if self._into is not None:
            self._into[-1] += data  # the parser hands long texts over in pieces

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 (a script or style holds no other element)
        self._into = None


def _inline(text: str) -> _Inline:
    inline = _Inline()
    inline.feed(text)
    inline.close()
    return inline


def _policy(text: str) -> str:
    """Return the content security policy that admits the scripts and styles of ``text`` and nothing else."""
    inline = _inline(text)

    def hashes(parts: list[str]) -> str:
        digests = [base64.b64encode(hashlib.sha256(part.encode()).digest()).decode("ascii") for part in parts]
        return " ".join(f"'sha256-{digest}'" for digest in dict.fromkeys(digests))

    rules = (
        "default-src 'none'",
        f"script-src {hashes(inline.scripts)}",
        f"style-src {hashes(inline.styles)}",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    )
    return f'<meta http-equiv="Content-Security-Policy" content="{"; ".join(rules)}">'


def _refuse_references(text: str) -> None:
    inline = _inline(text)
    references = [reference for reference in inline.references if not reference.startswith(("data:", "#"))]
    for style in inline.styles:
        references += [
            url for url in re.findall(r"url\(\s*['\"]?([^)'\"]+)", style) if not url.startswith(("data:", "#"))
        ]
        references += re.findall(r"@import[^;]+", style)
    references += [f"handler {name}" for name in inline.handlers]
    if references:
        msg = f"the page would ask for {', '.join(sorted(set(references)))}; a page must open with no network"
        raise OutputError(msg)
