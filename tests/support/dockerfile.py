"""A Dockerfile's instructions, to be looked at and to be carried out without Docker."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Instruction:
    """`RUN`, `COPY`, …, and what stands behind it on one line."""

    name: str
    text: str

    @property
    def words(self) -> list[str]:
        """Of the JSON form or of a shell's."""
        found = json.loads(self.text) if self.text.startswith("[") else shlex.split(self.text)
        return [str(word) for word in found]


@dataclass(frozen=True)
class Stage:
    """From one `FROM` to the next; `base` is what stands behind it."""

    base: str
    instructions: list[Instruction] = field(default_factory=list)

    def all(self, name: str) -> list[Instruction]:
        return [each for each in self.instructions if each.name == name]

    def last(self, name: str) -> Instruction:
        return self.all(name)[-1]

    def health_check(self) -> list[str]:
        """Its command."""
        return Instruction("CMD", self.last("HEALTHCHECK").text.partition("CMD ")[2]).words

    def environment(self) -> dict[str, str]:
        pairs = (word.partition("=") for each in self.all("ENV") for word in each.words)
        return {name: value for name, _, value in pairs}


def read(path: Path = ROOT / "Dockerfile") -> list[Stage]:
    """Its stages, without comments."""
    text = re.sub(r"^\s*#.*\n", "", path.read_text("utf-8"), flags=re.MULTILINE)
    stages: list[Stage] = []
    for line in re.sub(r"\\\n\s*", "", text).splitlines():
        if not line.strip():
            continue
        name, _, rest = line.strip().partition(" ")
        if name == "FROM":
            stages.append(Stage(rest.strip()))
        else:
            stages[-1].instructions.append(Instruction(name, rest.strip()))
    return stages
