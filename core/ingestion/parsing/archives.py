"""ZIP archives, which some formats are, before they are unpacked."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZipFile


def unpacked_size(data: bytes) -> int:
    """The bytes of all members; none of them unpacks to more than is said here.

    Raises whatever zipfile meets in a damaged archive.
    """
    with ZipFile(BytesIO(data)) as archive:
        return sum(member.file_size for member in archive.infolist())
