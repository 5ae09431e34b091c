"""JSON Schemas that a script in tests/node makes of what a platform publishes of its API."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

NODE_FOLDER = Path(__file__).parent.parent / "node"


def schemas(script: str, wanted: Sequence[str]) -> dict[str, Any]:
    """What the script prints for `wanted`, which is kept until the packages' versions change.

    Several processes may make the same at once: each finds a whole file or none.
    """
    rests_on = [(NODE_FOLDER / name).read_text() for name in ("package.json", script)]
    asked = json.dumps([*rests_on, *wanted])
    made = NODE_FOLDER / "build" / f"{sha256(asked.encode()).hexdigest()}.json"
    if not made.is_file():
        made.parent.mkdir(exist_ok=True)
        run = subprocess.run(
            ["node", script, *wanted], cwd=NODE_FOLDER, check=True, capture_output=True
        )
        with NamedTemporaryFile(dir=made.parent, delete=False) as file:
            file.write(run.stdout)
        Path(file.name).replace(made)
    found: dict[str, Any] = json.loads(made.read_bytes())
    return found
