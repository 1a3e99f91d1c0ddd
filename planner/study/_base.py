"""What every block of a study file has in common: frozen, no unknown keys, two languages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from planner.i18n import currencies, languages
from planner.study.connection import NO_PASSWORDS, holds_secret
from planner.study.former_names import FORMER_NAMES, with_names_of_today

#: code of an installed language (`planner.i18n.languages`)
if TYPE_CHECKING:
    from collections.abc import Container

    Language = str
else:
    Language = Literal[languages()]


def _visible(name: str) -> str:
    if not name.isprintable():
        msg = "holds a character that cannot be seen (a control character, a space of no width); type it again"
        raise ValueError(msg)
    return name


#: an identifier a planner types: letters (Chinese too), digits, ``_``, ``-`` and ``.``; no spaces
Id = Annotated[str, StringConstraints(pattern=r"^[^\s/\\:;,\"'<>=]+$", max_length=80), AfterValidator(_visible)]
#: an identifier that also names a folder: no leading dot, none of ``* ? | [ ]``; a second pattern would replace that of `Id`
FolderName = Annotated[
    str,
    StringConstraints(pattern=r"^[^\s/\\:;,\"'<>=.*?|\[\]][^\s/\\:;,\"'<>=*?|\[\]]*$", max_length=80),
    AfterValidator(_visible),
]
Share = Annotated[float, Field(ge=0, le=1)]
Money = Annotated[float, Field(ge=0)]


def _known_currency(code: str) -> str:
    if code not in currencies():
        msg = f"{code} is no currency code of ISO 4217; write CNY, EUR, USD …"
        raise ValueError(msg)
    return code


#: three letters of ISO 4217
Currency = Annotated[str, StringConstraints(to_upper=True, strip_whitespace=True), AfterValidator(_known_currency)]


class Block(BaseModel):
    """A part of a study: immutable, and a key it does not know is a fault."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        validate_default=True,
        hide_input_in_errors=True,  # what is refused may be a password
    )

    @model_validator(mode="before")
    @classmethod
    def _under_names_of_today(cls, value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, dict) or FORMER_NAMES.keys().isdisjoint(value):
            return value
        return renamed(value, cls.model_fields, info)

    @field_validator("figures", mode="before", check_fields=False)
    @classmethod
    def _figures_under_names_of_today(cls, value: Any, info: ValidationInfo) -> Any:
        return renamed(value, cls.model_fields, info) if isinstance(value, dict) else value


def renamed(value: dict[str, Any], known: Container[str], info: ValidationInfo) -> dict[str, Any]:
    """Return ``value`` with former names replaced by those among ``known``; a set as validation context takes note of them."""
    named = with_names_of_today(value, known)
    if isinstance(info.context, set):
        info.context.update(set(value) - set(named))
    return named


class Located(Block):
    """A block whose file, or database, lies at ``path``."""

    path: Path

    @field_validator("path", check_fields=False)
    @classmethod
    def _without_password(cls, path: Path) -> Path:
        if holds_secret(str(path)):
            raise ValueError(NO_PASSWORDS)
        return path


class Label(Block):
    """A name in Chinese and English; one plain text stands for both."""

    zh: str
    en: str

    @model_validator(mode="before")
    @classmethod
    def _one_text_for_both(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"zh": value, "en": value}
        if isinstance(value, dict) and len(value) == 1 and next(iter(value)) in ("zh", "en"):
            text = next(iter(value.values()))
            return {"zh": text, "en": text}
        return value

    def text(self, language: Language) -> str:
        """Return the name in ``language``."""
        return str(getattr(self, language, self.en))

    def texts(self) -> dict[str, str]:
        """Return the name in every installed language."""
        return {language: self.text(language) for language in languages()}


class Evidence(Block):
    """Where a figure comes from, and whether somebody has read it there."""

    source: str
    """Paper, standard or survey, with its year."""
    clause: str = ""
    """Clause, table or page."""
    verified: bool = False
    """True only if the figure was read in that source; unverified figures are named on every output."""
