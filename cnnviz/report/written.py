"""Where it is stored what a report was last written as."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import BinaryIO

from cnnviz import workspace
from cnnviz.artifact import StoredArtifact
from cnnviz.report import html
from cnnviz.report.document import Document


def artifact(report_id: str, document: Document) -> StoredArtifact[str]:
    """The page of a report, as long as the report shows and says the same."""
    return StoredArtifact(workspace.report_file(report_id).with_suffix(".html"), _mark(document), _Page())


@dataclass(frozen=True)
class _Page:
    """Pages say themselves what they are of."""

    def encode(self, result: str, mark: str) -> bytes:
        return result.encode()

    def decode(self, file: BinaryIO, mark: str) -> str | None:
        page = file.read().decode()
        block = html.data_block(page)
        assert isinstance(block, dict)
        return page if _mark(Document.model_validate(block["document"])) == mark else None


def _mark(document: Document) -> str:
    return f"report {hashlib.sha256(document.model_dump_json().encode()).hexdigest()}"
