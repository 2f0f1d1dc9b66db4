"""What single values of the configuration may be, as the operator writes them."""

from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

from aggregator.config import checks, quantities

TEXT_TAG, REFERENCE_TAG = "<text>", "<reference>"  # which of two shapes a value has; never names of keys


def _with_unit(value: object) -> object:
    """Refuse a bare number, which could be seconds, minutes or megabytes."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError('needs a unit, in quotes: a duration is like "30s", a size like "15MiB"')  # noqa: TRY004  # pydantic reports only ValueError
    return value


def _checked(check: Callable[[str], object]) -> AfterValidator:
    def keep(text: str) -> str:
        check(text)
        return text

    return AfterValidator(keep)


Line = Annotated[str, AfterValidator(checks.check_line)]
FilePath = Annotated[str, AfterValidator(checks.check_path)]
Name = Annotated[str, AfterValidator(checks.check_name)]
SearchText = Annotated[str, AfterValidator(checks.check_query)]
Label = Annotated[str, AfterValidator(checks.check_tag)]
SourceUrl = Annotated[str, AfterValidator(checks.check_source_url)]
WebUrl = Annotated[str, AfterValidator(checks.check_web_url)]
Mailbox = Annotated[str, AfterValidator(checks.check_mailbox)]
Contact = Annotated[str, AfterValidator(checks.check_contact)]
Listen = Annotated[str, AfterValidator(checks.check_listen)]
StoreUrl = Annotated[str, AfterValidator(checks.check_store_url)]
Network = Annotated[str, AfterValidator(checks.check_network)]
Zone = Annotated[str, AfterValidator(checks.check_zone)]
DateFormat = Annotated[str, AfterValidator(checks.check_date_format)]
Pattern = Annotated[str, AfterValidator(checks.check_pattern)]
Rate = Annotated[str, _checked(quantities.rate)]
Span = Annotated[str, BeforeValidator(_with_unit), _checked(quantities.positive_duration)]
SpanOrZero = Annotated[str, BeforeValidator(_with_unit), _checked(quantities.duration)]
Size = Annotated[str, BeforeValidator(_with_unit), _checked(quantities.size)]
Count = Annotated[int, Field(ge=1)]
Extent = Literal["full", "summary", "links"]
Sorting = Literal["published", "seen"]
Format = Literal["atom", "rss", "json"]


class Table(BaseModel):
    """A TOML table: no keys but its own, no conversions."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ReferenceTable(Table):
    """Where a secret is."""

    env: str | None = Field(default=None, description="Environment variable that holds it.")
    file: FilePath | None = Field(default=None, description="File that holds it.")

    @model_validator(mode="after")
    def _one(self) -> "ReferenceTable":
        if len(self.model_fields_set) != 1:
            raise ValueError('must be { env = "NAME" } or { file = "path" }')
        return self


def _shape(value: object) -> str:
    return TEXT_TAG if isinstance(value, str) else REFERENCE_TAG


Webhook = Annotated[
    Annotated[str, AfterValidator(checks.check_webhook), Tag(TEXT_TAG)]
    | Annotated[ReferenceTable, Tag(REFERENCE_TAG)],
    Discriminator(_shape),
]


HeaderName = Annotated[str, AfterValidator(checks.check_header_name)]
HeaderValue = Annotated[
    Annotated[str, AfterValidator(checks.check_header_value), Tag(TEXT_TAG)]
    | Annotated[ReferenceTable, Tag(REFERENCE_TAG)],
    Discriminator(_shape),
]
Proxy = Annotated[
    Annotated[str, AfterValidator(checks.check_proxy), Tag(TEXT_TAG)]
    | Annotated[ReferenceTable, Tag(REFERENCE_TAG)],
    Discriminator(_shape),
]


def refuse_headers(headers: dict[str, str | ReferenceTable]) -> dict[str, str | ReferenceTable]:
    names = [name.lower() for name in headers]
    for name, value in headers.items():
        if names.count(name.lower()) > 1:
            raise ValueError(f"the header {name!r} is given twice")
        if isinstance(value, str) and name.lower() in checks.SECRET_HEADERS:
            raise ValueError(
                f'the header {name!r} is a secret: write {{ env = "NAME" }} or {{ file = "path" }}'
            )
    return headers
