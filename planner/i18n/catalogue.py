"""Message catalogues: one folder a language, holding gettext ``.po`` files, read by Babel when the first text is needed.

``msgid`` is the key of a text, ``msgstr`` the text with Python format fields (``{count:,}``). A new language is a new folder
beside ``zh`` and ``en``; a text it lacks is taken from English.
"""

from __future__ import annotations

from functools import cache
from gettext import c2py
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Hashable, Iterable, Mapping

FOLDER = Path(__file__).parent
DEFAULT = "zh"
FALLBACK = "en"


@cache
def languages() -> tuple[str, ...]:
    """Return the codes of the installed languages, the default first, then in alphabetical order.

    >>> languages()
    ('zh', 'en')
    """
    found = {path.parent.name for path in FOLDER.glob("*/*.po")}
    return tuple(sorted(found, key=lambda code: (code != DEFAULT, code)))


def translate(key: str, language: str, /, **values: object) -> str:
    """Return the text of ``key`` in ``language`` with ``values`` in its format fields.

    Parameters
    ----------
    key
        Name of a text, e.g. ``coverage`` or ``finding.missing-crs.what``.
    language
        Code of an installed language.
    **values
        Values of the format fields, inserted unescaped: the caller escapes the result for HTML or workbook cells. Of a text
        with plural forms, ``count`` selects the form.

    Raises
    ------
    KeyError
        No such language, key or value of a field.

    >>> translate("circle_minutes", "en", minutes=5.0)
    '5-minute circle'
    """
    text = messages(language)[key]
    plurals, form_of = _plurals(language)
    if key in plurals:
        text = plurals[key][form_of(values["count"])]
    return text.format(**values)


def join(parts: Iterable[str], language: str, separator: Literal["list", "phrases", "clauses"] = "list") -> str:
    """Return ``parts`` in one line, between the separators of ``language``: of names, of phrases, or of whole clauses.

    >>> join(["a", "b"], "zh")
    'a、b'
    """
    return messages(language)[f"locale.{separator}"].join(parts)


def text_column(columns: Container[Hashable], stem: str, language: str) -> str:
    """Return the name of the column of a stored table that holds ``stem`` in ``language``, else in English.

    >>> text_column(["rule_zh", "rule_en"], "rule", "zh"), text_column(["zh", "en"], "", "fr")
    ('rule_zh', 'en')
    """
    names = [f"{stem}_{code}".lstrip("_") for code in (language, FALLBACK)]
    return names[0] if names[0] in columns else names[1]


@cache
def messages(language: str) -> Mapping[str, str]:
    """Return every text of ``language`` by key; of texts with plural forms, the last form.

    Raises
    ------
    KeyError
        The language is not installed.
    """
    if language not in languages():
        raise KeyError(language)
    own = {key: forms[-1] for key, forms in _read(language)[0].items()}
    return own if language == FALLBACK else {**messages(FALLBACK), **own}


@cache
def _plurals(language: str) -> tuple[Mapping[str, tuple[str, ...]], Callable[[Any], int]]:
    """Return the forms of the texts that have plural forms, and the rule from a count to the position of its form."""
    forms, rule = _read(language)
    return {key: texts for key, texts in forms.items() if len(texts) > 1}, c2py(rule)


@cache
def _read(language: str) -> tuple[Mapping[str, tuple[str, ...]], str]:
    """Return the forms of every translated text (one where it has no plurals) and the catalogues' plural rule."""
    from babel.messages.pofile import read_po  # noqa: PLC0415 - `planner --help` does not wait for Babel

    texts: dict[str, tuple[str, ...]] = {}
    rule = "0"
    for path in sorted((FOLDER / language).glob("*.po")):
        with path.open("rb") as file:
            catalogue = read_po(file)
        rule = catalogue.plural_expr
        for message in catalogue:
            key = message.id if isinstance(message.id, str) else message.id[0]
            forms = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
            if key and forms and all(forms):
                texts[key] = forms
    return texts, rule
