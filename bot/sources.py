"""The sources that the settings name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from bot.settings import Settings
from bot.settings.groups import SourceSettings
from core.errors import ConfigurationError
from core.ingestion.addresses import SlugRule
from core.ingestion.documents import SourceProfile
from core.ingestion.planning import ConfiguredSource
from core.ingestion.sources.folder import FolderSource
from core.ingestion.sources.patterns import READABLE
from core.model import Scope
from core.retrieval.preference import Preference

OWN_DOCS = Path(__file__).resolve().parent.parent / "docs"


def source_settings(settings: Settings) -> tuple[SourceSettings, ...]:
    """What `docent.toml` lists and `DOCS_FOLDER` names; with neither, Docent's own docs."""
    docs = settings.docs
    sources = settings.sources
    if docs.folder is not None:
        single = SourceSettings(
            name="docs",
            folder=docs.folder,
            base_url=docs.base_url,
            slugs=docs.slugs,
            peer_reviewed=docs.peer_reviewed,
            include=docs.include,
            exclude=docs.exclude,
            schedule=docs.schedule,
        )
        sources = (*sources, single)
    return sources or (SourceSettings(name="docent", folder=OWN_DOCS),)


def configured_sources(settings: Settings) -> list[ConfiguredSource]:
    """Each source with its profile."""
    return [(_source(each), _profile(each)) for each in source_settings(settings)]


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


def preference(settings: Settings) -> Preference:
    """What is taken first where passages are equally relevant."""
    boosts = settings.retrieval
    priorities = {s.name: s.priority * boosts.priority_boost for s in source_settings(settings)}
    return Preference(boosts.peer_review_boost, priorities)


def chosen(sources: Sequence[ConfiguredSource], name: str | None) -> list[ConfiguredSource]:
    """The source of that name, or all without one. Raises ConfigurationError."""
    found = [each for each in sources if name in {None, each[1].name}]
    if not found:
        known = ", ".join(profile.name for _, profile in sources)
        raise ConfigurationError(f"There is no source {name!r}.", hint=f"There is: {known}.")
    return found


def _source(source: SourceSettings) -> FolderSource:
    include = source.include or READABLE
    folder = source.folder.expanduser()
    return FolderSource(source.name, folder, include=include, exclude=source.exclude)


def _profile(source: SourceSettings) -> SourceProfile:
    return SourceProfile(
        source.name,
        str(source.base_url or ""),
        SlugRule(source.slugs),
        peer_reviewed=source.peer_reviewed is True,
        reviewed_paths=source.peer_reviewed if isinstance(source.peer_reviewed, tuple) else (),
    )
