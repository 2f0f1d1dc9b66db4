"""Every key there is, with its shape, its default as written, and a sentence for people.

The tables hold values as the operator wrote them, checked one by one; `settings` and `sources` turn
them into what the daemon works with.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from aggregator.config.values import (
    Contact,
    Count,
    DateFormat,
    Extent,
    FilePath,
    Format,
    HeaderName,
    HeaderValue,
    Label,
    Line,
    Listen,
    Mailbox,
    Name,
    Network,
    Pattern,
    Proxy,
    Rate,
    SearchText,
    Size,
    Sorting,
    SourceUrl,
    Span,
    SpanOrZero,
    StoreUrl,
    Table,
    Webhook,
    WebUrl,
    Zone,
    refuse_headers,
)

BACKUPS_MOST = 1000
MOST = 10_000  # of entries in a feed, and of polls at once
INCLUDED = ("sources.toml", "sources.d/*.toml")
KEY_TAG = "[key]"  # pydantic's, where the key of a mapping is wrong


class AggregatorTable(Table):
    title: Line = Field(default="News", description="What the merged feed and the pages are called.")
    public_url: WebUrl = Field(
        default="",
        description='Base of self links and tag: ids, without a trailing slash. "" = made from [server] listen.',
    )
    data_dir: FilePath = Field(
        default="",
        description='Where the store and the published files live. "" = $STATE_DIRECTORY, else data/ beside '
        "config/, else $XDG_STATE_HOME/aggregator.",
    )
    contact: Contact = Field(
        default="", description='Goes into the User-Agent, so that publishers can reach you. "" = public_url.'
    )
    include: list[FilePath] = Field(
        default=list(INCLUDED),
        description="Further files with [[source]] and [[feed]] tables, names or patterns, beside this file.",
    )
    limit: int = Field(default=500, ge=1, le=MOST, description="Entries in the merged feed.")
    order: Sorting = Field(
        default="published",
        description='The merged feed has the newest first by their own date; "seen": by when we first saw them.',
    )
    per_source: int = Field(
        default=0, ge=0, description="Entries of one source in the merged feed at most. 0 = no such limit."
    )


class ServerTable(Table):
    listen: Listen = Field(
        default="127.0.0.1:8080",
        description='Address to serve on; also "unix:/run/aggregator/http.sock". "" = no server.',
    )
    token_file: FilePath = Field(
        default="", description='File with a secret that feeds and pages ask for. "" = open to everybody.'
    )
    rate_limit: Rate = Field(
        default="100/s", description='Requests per client address, then 429 with Retry-After. "" = no limit.'
    )
    trusted_proxies: list[Network] = Field(
        default=[], description="Addresses whose Forwarded and X-Forwarded-* headers are believed."
    )


class PollTable(Table):
    interval: Span = Field(
        default="30m", description="Time between two polls of a source, adapted between the next two."
    )
    min_interval: Span = Field(default="5m", description="No source is polled more often.")
    max_interval: Span = Field(
        default="24h", description="Bounds our own choice, never a wait the publisher asked for."
    )
    concurrency: int = Field(default=64, ge=1, le=MOST, description="Polls at once.")
    host_gap: SpanOrZero = Field(default="1s", description="Time between two requests to one host.")
    timeout: Span = Field(default="30s", description="Wall clock for a whole fetch.")
    max_bytes: Size = Field(default="15MiB", description="Largest document, after decompression.")
    allow_addresses: list[Network] = Field(
        default=[], description='Private networks that may be polled, e.g. ["127.0.0.0/8"].'
    )
    retry_after_scope: Literal["host", "url"] = Field(
        default="host",
        description='Whom a Retry-After silences: the whole "host" or the one "url".',
    )
    feed_hints: bool = Field(
        default=True, description="Obey what feeds ask for: ttl, sy:updatePeriod, skipHours, skipDays."
    )
    delta: bool = Field(
        default=False, description="Ask known feeds for new entries only (RFC 3229, A-IM: feed)."
    )
    max_new_entries: int = Field(
        default=1000,
        ge=1,
        le=MOST,
        description="New entries of one document that one poll reads; what is more waits for the next polls.",
    )
    archives: int = Field(
        default=10,
        ge=0,
        le=MOST,
        description="Older documents (RFC 5005) read when a source is added. 0 = none.",
    )


class DedupTable(Table):
    window: SpanOrZero = Field(
        default="72h", description="How far apart two entries may be published and still be one story."
    )
    near_duplicates: bool = Field(
        default=True,
        description="Copies with other titles, bylines and endings are one story too. If false, only equal ones.",
    )
    groups: bool = Field(
        default=False,
        description="Name the event that a story tells, so that readers can put its articles together; hides nothing.",
    )


class RetentionTable(Table):
    keep: Span = Field(
        default="365d", description="Entries older than this are forgotten, and pages of archives."
    )
    keep_per_source: Count = Field(default=1000, description="Entries kept of each source.")
    tombstones: SpanOrZero = Field(
        default="30d", description="How long feeds say that a story was deleted or joined (RFC 6721)."
    )


class HealthTable(Table):
    after: SpanOrZero = Field(
        default="1h", description="How long a change of a source's health lasts before it is told."
    )
    webhook: Webhook = Field(
        default="",
        description='Address that is told, by POST of JSON; a secret one is { env = "NAME" } or { file = "path" }.',
    )
    command: list[str] = Field(
        default=[], description='Command that is given a mail on its standard input, e.g. ["sendmail", "-t"].'
    )
    mail_to: Mailbox = Field(default="", description='To whom that mail is: what "sendmail -t" goes by.')
    mail_from: Mailbox = Field(default="", description='From whom. "" = as the mail command decides.')

    @model_validator(mode="after")
    def _reaches(self) -> "HealthTable":
        if self.command and not self.command[0]:
            raise ValueError('command must begin with the name of a program, like ["sendmail", "-t"]')
        if "-t" in self.command and not self.mail_to:
            raise ValueError(
                '"-t" makes a mail command go by the message: say mail_to = "ops@example.org" too'
            )
        return self


class StoreTable(Table):
    url: StoreUrl = Field(
        default="sqlite",
        description='"sqlite" is <data_dir>/aggregator.sqlite; also "sqlite:///path".',
    )
    backups: int = Field(
        default=7,
        ge=0,
        le=BACKUPS_MOST,
        description="Backups made by night and kept in <data_dir>/backups. 0 = none.",
    )


class PatternsTable(Table):
    """All named fields must match for the rule to apply."""

    title: Pattern | None = Field(default=None, description="Searched in the title.")
    content: Pattern | None = Field(default=None, description="Searched in the plain text.")
    url: Pattern | None = Field(default=None, description="Searched in the link.")
    author: Pattern | None = Field(default=None, description="Searched in every author's name.")
    category: Pattern | None = Field(default=None, description="Searched in every category.")

    @model_validator(mode="after")
    def _some(self) -> "PatternsTable":
        if not self.model_fields_set:
            raise ValueError(f"names no field; there are: {', '.join(PatternsTable.model_fields)}")
        return self


class RuleTable(Table):
    drop: PatternsTable | None = Field(default=None, description="Drop the entries that match.")
    keep: PatternsTable | None = Field(default=None, description="Keep only the entries that match.")

    @model_validator(mode="after")
    def _one(self) -> "RuleTable":
        if len(self.model_fields_set) != 1:
            raise ValueError('a rule is one of { drop = { title = "…" } } and { keep = { title = "…" } }')
        return self


class AuthTable(Table):
    username: Line | None = Field(default=None, description="For basic authentication.")
    password_file: FilePath | None = Field(default=None, description="File with the password.")
    password_env: str | None = Field(default=None, description="Environment variable with the password.")
    bearer_file: FilePath | None = Field(default=None, description="File with a bearer token.")
    bearer_env: str | None = Field(default=None, description="Environment variable with a bearer token.")

    @model_validator(mode="after")
    def _one_kind(self) -> "AuthTable":
        given = self.model_fields_set
        secrets = given - {"username"}
        basic = len(secrets) == 1 and next(iter(secrets)).startswith("password") and "username" in given
        bearer = len(given) == 1 and next(iter(given)).startswith("bearer")
        if not basic and not bearer:
            raise ValueError(
                "auth is username with password_file or password_env, or else one of bearer_file and bearer_env"
            )
        if self.username is not None and ":" in self.username:
            raise ValueError("username must not contain ':' (RFC 7617 §2)")
        return self


class SourceTable(Table):
    url: SourceUrl = Field(
        description="The feed: http(s):, or file: below the configuration's directory or data_dir."
    )
    id: Name | None = Field(
        default=None, description="Names the source for ever, in addresses too. Default: from the host name."
    )
    kind: Literal["auto", "feed", "text"] = Field(
        default="auto",
        description='"text": "Posted: <date>", a title, paragraphs; a folder of such files too. "auto": by content.',
    )
    title: Line | None = Field(default=None, description="Default: the feed's own.")
    timezone: Zone | None = Field(default=None, description="IANA name, for dates that carry no zone.")
    date_formats: list[DateFormat] = Field(
        default=[], description="strptime formats, tried before anything else."
    )
    interval: Span | None = Field(default=None, description="Instead of [poll] interval, and not adapted.")
    feed_hints: bool | None = Field(default=None, description="Instead of [poll] feed_hints.")
    delta: bool | None = Field(default=None, description="Instead of [poll] delta.")
    tags: list[Label] = Field(default=[], description="What [[feed]] tables choose sources by.")
    rules: list[RuleTable] = Field(
        default=[], description="Which entries to drop or keep, by regular expressions."
    )
    paused: bool = Field(default=False, description="Not polled; what is stored of it is shown.")
    content: Extent = Field(
        default="full",
        description='What is shown of its entries: "summary": only the beginning; "links": only title and link.',
    )
    auth: AuthTable | None = Field(default=None, description="Credentials; secrets in files or variables.")
    headers: Annotated[dict[HeaderName, HeaderValue], AfterValidator(refuse_headers)] = Field(
        default={}, description='Further request headers: text, { env = "NAME" } or { file = "path" }.'
    )
    proxy: Proxy | None = Field(
        default=None, description='HTTP proxy: its URL, or { env = "NAME" } or { file = "path" }.'
    )
    ca_file: FilePath | None = Field(default=None, description="PEM file of certificates to trust.")
    timeout: Span | None = Field(default=None, description="Instead of [poll] timeout.")
    max_bytes: Size | None = Field(default=None, description="Instead of [poll] max_bytes.")
    max_entries: Count | None = Field(default=None, description="Read at most so many entries of a document.")


class FeedTable(Table):
    name: Name = Field(description="Its address is /feeds/<name>.atom, .rss and .json.")
    title: Line | None = Field(default=None, description="Default: its name.")
    tags: list[Label] = Field(default=[], description="Take the sources that have one of these tags.")
    sources: list[str] = Field(default=[], description="Take these sources, by id.")
    query: SearchText | None = Field(
        default=None, description="Take what this search finds, in these sources or, without any, in all."
    )
    limit: int = Field(default=100, ge=1, le=MOST, description="Entries in the feed.")
    rules: list[RuleTable] = Field(
        default=[], description="Which stories to show, by regular expressions, as in [[source]]."
    )
    order: Sorting = Field(
        default="published", description='Newest first by their own date; "seen": by when we first saw them.'
    )
    per_source: int = Field(default=0, ge=0, description="Entries of one source at most. 0 = no such limit.")
    content: Extent = Field(
        default="full", description='"summary": only the beginning; "links": only title and link.'
    )
    formats: list[Format] = Field(
        default=["atom", "rss", "json"], min_length=1, description="The formats it is published in."
    )
    token_file: FilePath = Field(
        default="",
        description="File with secrets, one a line; the feed asks for one of them, or for the server's.",
    )

    @model_validator(mode="after")
    def _some(self) -> "FeedTable":
        if (
            self.model_fields_set <= {"name", "title", "tags", "sources"}
            and not self.tags
            and not self.sources
        ):
            raise ValueError(
                "a feed needs tags, sources and/or a query; everything is in the merged feed already"
            )
        return self


# The tables that may stand once, in the main file only; the `[[…]]` tables of any file.
SECTIONS: dict[str, type[Table]] = {
    "aggregator": AggregatorTable,
    "server": ServerTable,
    "poll": PollTable,
    "dedup": DedupTable,
    "retention": RetentionTable,
    "health": HealthTable,
    "store": StoreTable,
}
LISTED: dict[str, type[Table]] = {"source": SourceTable, "feed": FeedTable}
NESTED: dict[str, type[Table]] = {
    "source.rules": RuleTable,
    "source.rules.drop": PatternsTable,
    "source.rules.keep": PatternsTable,
    "source.auth": AuthTable,
}
