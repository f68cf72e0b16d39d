"""What the doctor says."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from cnnviz.config import RunConfig, with_settings
from cnnviz.doctor.facts import Facts
from cnnviz.errors import ConfigError

Severity = Literal["serious", "mild"]


@dataclass(frozen=True)
class Evidence:
    """Where it can be seen: a page of the app and what it is to show."""

    words: str
    page: str
    """Its file's name in pages/, without .py."""
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Remedy:
    """The experiment that would mend it, or show what it is."""

    words: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Of a run's configuration, by dotted names."""
    recipe: str | None = None
    """An experiment of the reports that is about this."""

    def applied(self, config: RunConfig) -> RunConfig | None:
        """That configuration with these settings; None where there are none, or its network takes none."""
        if not self.settings or not config.network.offered:
            return None
        try:
            return with_settings(config, {path: json.dumps(value) for path, value in self.settings.items()})
        except ConfigError:
            return None


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or looks so."""

    title: str
    words: str
    """With its figures, in plain words."""
    severity: Severity
    figures: Mapping[str, Any]
    evidence: tuple[Evidence, ...]
    remedies: tuple[Remedy, ...]


@dataclass(frozen=True)
class Rule:
    """A pure function over facts."""

    id: str
    question: str
    """What is asked, as it stands among what was checked."""
    check: Callable[[Facts], Finding | None]
    lacks: Callable[[Facts], str | None]
    """Why it can't be asked of these facts; None if it can."""


@dataclass(frozen=True)
class Examination:
    """All that was asked of a run."""

    findings: Mapping[str, Finding]
    """By the rule's id, serious ones first."""
    healthy: tuple[Rule, ...]
    """Evaluation, and nothing was found."""
    not_checked: Mapping[str, str]
    """Why a question could not be asked, by the rule's id."""

    @property
    def summary(self) -> str:
        """How many findings in how many checks: Nothing found in 7 of 13 checks."""
        count, made = len(self.findings), len(self.findings) + len(self.healthy)
        all_checks = made + len(self.not_checked)
        checks = f"{made} of {all_checks} checks" if self.not_checked else f"{all_checks} checks"
        return f"{f'{count} finding' + 's' * (count > 1) if count else 'Nothing found'} in {checks}"
