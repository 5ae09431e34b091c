"""The sources that the settings name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from bot.settings import Settings
from bot.settings.source import SourceSettings
from core.errors import ConfigurationError
from core.ingestion.addresses import SlugRule
from core.ingestion.documents import SourceProfile
from core.ingestion.planning import ConfiguredSource
from core.ingestion.sources.folder import FolderSource
from core.ingestion.sources.git_address import blob_address, local_path
from core.ingestion.sources.patterns import READABLE, Patterns
from core.model import EVERYTHING, Scope
from core.ports import Source
from core.retrieval.preference import Preference

OWN_DOCS = Path(__file__).resolve().parent.parent / "docs"
OWN_SOURCE = "docent"
SINGLE = "docs"
UPLOADS = "uploads"


def source_settings(settings: Settings) -> tuple[SourceSettings, ...]:
    """What `docent.toml` lists and `DOCS_FOLDER` names; with neither, Docent's own docs.

    And what is uploaded, where that is possible.
    """
    docs = settings.docs
    sources = settings.sources
    if docs.folder is not None:
        _require_free(sources, SINGLE, "what DOCS_FOLDER names")
        single = SourceSettings(
            name=SINGLE,
            folder=docs.folder,
            base_url=docs.base_url,
            slugs=docs.slugs,
            peer_reviewed=docs.peer_reviewed,
            include=docs.include,
            exclude=docs.exclude,
            schedule=docs.schedule,
        )
        sources = (*sources, single)
    sources = sources or (SourceSettings(name=OWN_SOURCE, folder=OWN_DOCS),)
    folder = uploads_folder(settings)
    if folder is None:
        return sources
    _require_free(sources, UPLOADS, "what is uploaded")
    return (*sources, SourceSettings(name=UPLOADS, folder=folder, schedule="off"))


def _require_free(sources: Iterable[SourceSettings], name: str, use: str) -> None:
    if any(source.name == name for source in sources):
        raise ConfigurationError(
            f"A source is named {name!r}, which is the name of {use}.",
            hint="Give it another name in docent.toml.",
        )


def uploads_folder(settings: Settings) -> Path | None:
    """Where uploaded documents are kept; None where there is no place that all instances share."""
    if not settings.web.enabled:
        return None
    if settings.web.uploads is None and settings.database.shared:
        return None
    return settings.web.uploads or settings.docent.data_dir / UPLOADS


def configured_sources(settings: Settings) -> list[ConfiguredSource]:
    """Each source with its profile."""
    kept = settings.docent.data_dir / "sources"
    return [(_source(each, kept), _profile(each)) for each in source_settings(settings)]


def require_folders(sources: Iterable[ConfiguredSource]) -> None:
    """Raises SourceUnavailable for a folder that is not there."""
    for source, _ in sources:
        if isinstance(source, FolderSource):
            source.require()


def public_scope(settings: Settings) -> Scope:
    """What may be answered from everywhere: whatever is configured and not private.

    A source that names its channels is private to them.
    """
    sources = source_settings(settings)
    return Scope(frozenset(s.name for s in sources if not (s.private or s.channels)))


def bound_sources(settings: Settings, platform: str) -> dict[str, frozenset[str]]:
    """The private sources that each channel of the platform may be answered from beside those."""
    bound: dict[str, frozenset[str]] = {}
    for source in source_settings(settings):
        for place in source.channels:
            where, _, channel = place.partition(":")
            if where == platform:
                bound[channel] = bound.get(channel, frozenset()) | {source.name}
    return bound


def widest_scope(settings: Settings, platform: str) -> Scope:
    """What some channel of the platform may be answered from.

    A question that waited while the settings took a source away is not answered from that.
    """
    public = public_scope(settings).sources or frozenset[str]()
    return Scope(public.union(*bound_sources(settings, platform).values()))


def preference(settings: Settings) -> Preference:
    """What is taken first where passages are equally relevant."""
    boosts = settings.retrieval
    priorities = {s.name: s.priority * boosts.priority_boost for s in source_settings(settings)}
    return Preference(boosts.peer_review_boost, priorities)


def chosen(
    sources: Sequence[ConfiguredSource], name: str | None, *, told: Scope = EVERYTHING
) -> list[ConfiguredSource]:
    """The source of that name, or all without one.

    Raises ConfigurationError, which names those that may be `told`.
    """
    found = [each for each in sources if name in {None, each[1].name}]
    if not found:
        known = ", ".join(profile.name for _, profile in sources if told.admits({profile.name}))
        raise ConfigurationError(f"There is no source {name!r}.", hint=f"There is: {known}.")
    return found


def _source(source: SourceSettings, kept: Path) -> Source:
    """`kept` is where what comes from elsewhere is kept."""
    if source.git is not None:
        return _repository(source, source.git, kept / f"{source.name}.git")
    if source.website is not None:
        return _website(source, str(source.website), kept / source.name)
    folder = (source.folder or Path()).expanduser()
    include = source.include or READABLE
    return FolderSource(source.name, folder, include=include, exclude=source.exclude)


def _repository(source: SourceSettings, address: str, mirror: Path) -> Source:
    # dulwich takes 0.14 s to import.
    from core.ingestion.sources.git import GitSource  # noqa: PLC0415
    from core.ingestion.sources.git_mirror import Mirror  # noqa: PLC0415

    if source.token_variable and source.token is None:
        raise ConfigurationError(
            f"The variable {source.token_variable}, which source {source.name!r} names for its "
            "token, is not set.",
            hint="Set it in the environment or .env.",
        )
    url = local_path(address)
    token = source.token.get_secret_value() if source.token else None
    return GitSource(
        source.name,
        Mirror(url, mirror, token=token),
        shown=url,
        branch=source.branch,
        folder=source.subfolder,
        patterns=Patterns(source.include or READABLE, source.exclude),
    )


def _website(source: SourceSettings, address: str, cache: Path) -> Source:
    # httpx, lxml and protego take 0.15 s to import.
    from core.ingestion.sources.politeness import Manners  # noqa: PLC0415
    from core.ingestion.sources.website import EVERYTHING, WebsiteSource  # noqa: PLC0415

    return WebsiteSource(
        source.name,
        address,
        cache,
        include=source.include or EVERYTHING,
        exclude=source.exclude,
        max_pages=source.max_pages,
        allow_private=source.allow_private,
        manners=Manners(at_once=source.at_once, delay=source.delay),
    )


def _profile(source: SourceSettings) -> SourceProfile:
    base_url, slugs = _publication(source)
    return SourceProfile(
        source.name,
        base_url,
        SlugRule(slugs),
        peer_reviewed=source.peer_reviewed is True,
        reviewed_paths=source.peer_reviewed if isinstance(source.peer_reviewed, tuple) else (),
    )


def _publication(source: SourceSettings) -> tuple[str, str]:
    """Where the documents are published and by which rule; a repository's host shows its files."""
    if source.base_url is not None:
        # Braces are encoded in a web address.
        given = str(source.base_url).replace("%7Bcommit%7D", "{commit}")
        return given, source.slugs or SlugRule.PLAIN
    shown = blob_address(source.git, source.subfolder) if source.git else None
    return shown or "", source.slugs or (SlugRule.GITHUB if shown else SlugRule.PLAIN)
