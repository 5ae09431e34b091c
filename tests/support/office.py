"""PDF and Word files, made by hand: as small as their formats allow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from zipfile import ZipFile

_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"


def pdf(
    pages: Sequence[Sequence[str]],
    *,
    outline: Mapping[str, int] | None = None,
    info: Mapping[str, str] | None = None,
) -> bytes:
    """A PDF with these lines of Latin text on its pages.

    `outline` is chapter titles with the numbers of their pages.
    """
    chapters = list((outline or {}).items())
    first_page, first_chapter = 6, 6 + 2 * len(pages)
    kids = " ".join(f"{first_page + 2 * n} 0 R" for n in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R /Outlines 5 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        "<< " + " ".join(f"/{key} ({value})" for key, value in (info or {}).items()) + " >>",
        _outlines(first_chapter, len(chapters)),
    ]
    for n, lines in enumerate(pages):
        text = " ".join(f"({line}) Tj T*" for line in lines)
        stream = f"BT /F1 12 Tf 14 TL 72 720 Td {text} ET"
        contents = f"{first_page + 2 * n + 1} 0 R"
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792]"
            f" /Contents {contents} /Resources << /Font << /F1 3 0 R >> >> >>"
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    for n, (title, page) in enumerate(chapters):
        after = f"/Next {first_chapter + n + 1} 0 R" if n + 1 < len(chapters) else ""
        place = f"{first_page + 2 * (page - 1)} 0 R"
        objects.append(f"<< /Title ({title}) /Parent 5 0 R /Dest [{place} /Fit] {after} >>")
    return _file(objects)


def _outlines(first: int, count: int) -> str:
    if not count:
        return "<< /Type /Outlines /Count 0 >>"
    return f"<< /Type /Outlines /First {first} 0 R /Last {first + count - 1} 0 R /Count {count} >>"


def _file(objects: Sequence[str]) -> bytes:
    data, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(data))
        data += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    trailer = (
        f"xref\n0 {size}\n0000000000 65535 f \n{table}"
        f"trailer\n<< /Size {size} /Root 1 0 R /Info 4 0 R >>\nstartxref\n{len(data)}\n%%EOF\n"
    )
    return data + trailer.encode("latin-1")


def docx(*paragraphs: tuple[str, str] | str, extra: Mapping[str, bytes] | None = None) -> bytes:
    """A Word document; a pair is a paragraph's text and its style, such as `Heading1`."""
    body = "".join(map(_paragraph, paragraphs))
    files = {
        "[Content_Types].xml": f'<Types xmlns="{_TYPES}"><Override PartName="/word/document.xml"'
        f' ContentType="{_MAIN}"/><Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="r1"'
        f' Type="{_OFFICE}" Target="word/document.xml"/></Relationships>',
        "word/document.xml": f'<w:document xmlns:w="{_WORD}"><w:body>{body}</w:body></w:document>',
    }
    packed = BytesIO()
    with ZipFile(packed, "w", compression=8) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
        for name, content in (extra or {}).items():
            archive.writestr(name, content)
    return packed.getvalue()


def _paragraph(paragraph: tuple[str, str] | str) -> str:
    text, style = (paragraph, "") if isinstance(paragraph, str) else paragraph
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{properties}<w:r><w:t>{text}</w:t></w:r></w:p>"
