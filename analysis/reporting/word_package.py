"""What a DOCX file holds besides its text: styles, running heads, sections, pictures, and dates that never change.

The text comes from pandoc, whose XML has no white space within the tags that are looked for here; letters of the text
are escaped in it, so that nothing a stranger wrote can look like a tag.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Final
from xml.sax.saxutils import escape, quoteattr
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from analysis.reporting.document_layout import MARGIN, SHEET, FigureLayout, Part

# English metric units and twentieths of a point, in one point.
EMU: Final = 12700
TWIPS: Final = 20
PARTS: Final = 100_000
# A zip file knows no earlier day.
FIRST_DAY: Final = (1980, 1, 1, 0, 0, 0)
OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006"
RELATIONS: Final = f"{OFFICE}/relationships"
WORD: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
HEADER_TYPE: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.header+xml"
# Running heads of upright and of turned sheets: the number of the page stands at the right.
HEADERS: Final = {False: "header1", True: "header2"}
LAST_SECTION: Final = re.compile(r"<w:sectPr>(?:(?!<w:sectPr>).)*</w:sectPr>\s*</w:body>", re.DOTALL)
GRID: Final = re.compile(r"<w:tblW [^>]*/>(.*?)<w:tblGrid>.*?</w:tblGrid>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing as SVG, and as PNG for programs that draw no SVG."""

    name: str
    png: bytes
    svg: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """What is put around the text; `widths` are those of the columns of every table, in points."""

    title: str
    styles: str
    pictures: Sequence[Picture]
    widths: Sequence[Sequence[float]]
    landscape: bool
    timestamp: int


def finish(written: bytes, package: Package) -> bytes:
    """Return pandoc's file with our parts in it; equal inputs give equal bytes."""
    with ZipFile(BytesIO(written)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
    text = parts["word/document.xml"].decode("utf-8")
    parts["word/document.xml"] = _document(text, package).encode("utf-8")
    parts["word/styles.xml"] = package.styles.encode("utf-8")
    parts["docProps/core.xml"] = _core(package).encode("utf-8")
    parts |= {name: content.encode("utf-8") for name, content in _headers(package.title)}
    relations = parts["word/_rels/document.xml.rels"].decode("utf-8")
    parts["word/_rels/document.xml.rels"] = _added(relations, _relations(package.pictures)).encode("utf-8")
    types = parts["[Content_Types].xml"].decode("utf-8")
    parts["[Content_Types].xml"] = _added(types, _types()).encode("utf-8")
    for picture in package.pictures:
        stem = picture.name.removesuffix(".svg")
        parts[f"word/media/{stem}.png"] = picture.png
        parts[f"word/media/{picture.name}"] = picture.svg.encode("utf-8")
    return zipped(parts)


def zipped(parts: dict[str, bytes]) -> bytes:
    """Return files as one zip archive, with the same date for all; the list of types first, as readers expect."""
    stream = BytesIO()
    with ZipFile(stream, "w", ZIP_DEFLATED) as archive:
        for name in sorted(parts, key=lambda one: (one != "[Content_Types].xml", one)):
            entry = ZipInfo(name, FIRST_DAY)
            entry.compress_type = ZIP_DEFLATED
            archive.writestr(entry, parts[name])
    return stream.getvalue()


def drawing(name: str, alt: str, layout: FigureLayout, part: Part, number: int) -> str:
    """Return the run of text that shows a part of a picture: vectors where the program draws them."""
    wide = round(layout.width * layout.scale * EMU)
    high = round((part.bottom - part.top) * layout.scale * EMU)
    top, bottom = part.top / layout.height, 1 - part.bottom / layout.height
    crop = f'<a:srcRect t="{round(top * PARTS)}" b="{round(bottom * PARTS)}"/>' if top or bottom > 0 else ""
    stem = _relation(name)
    return (
        f'<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent cx="{wide}" cy="{high}"/>'
        f'<wp:docPr id="{1000 + number}" name="Figure {number}" descr={quoteattr(alt)}/>'
        f'<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic>'
        f'<pic:nvPicPr><pic:cNvPr id="{1000 + number}" name={quoteattr(name)} descr={quoteattr(alt)}/>'
        f"<pic:cNvPicPr/></pic:nvPicPr>"
        f'<pic:blipFill><a:blip r:embed="{stem}_png"><a:extLst><a:ext uri="{{96DAC541-7B7A-43D3-8B79-37D633B846F1}}">'
        f'<asvg:svgBlip xmlns:asvg="http://schemas.microsoft.com/office/drawing/2016/SVG/main" r:embed="{stem}_svg"/>'
        f"</a:ext></a:extLst></a:blip>{crop}<a:stretch><a:fillRect/></a:stretch></pic:blipFill>"
        f'<pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="{wide}" cy="{high}"/></a:xfrm>'
        f'<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic>'
        f"</wp:inline></w:drawing></w:r>"
    )


def section_end(landscape: bool) -> str:
    """Return the empty paragraph that ends a section."""
    return f'<w:p><w:pPr><w:pStyle w:val="SectionEnd"/>{_section(landscape)}</w:pPr></w:p>'


def _section(landscape: bool) -> str:
    wide, high = (round(length * TWIPS) for length in (reversed(SHEET) if landscape else SHEET))
    turned = ' w:orient="landscape"' if landscape else ""
    margin = round(MARGIN * TWIPS)
    sides = " ".join(f'w:{side}="{margin}"' for side in ("top", "right", "bottom", "left"))
    return (
        f'<w:sectPr><w:headerReference w:type="default" r:id="{HEADERS[landscape]}"/><w:type w:val="nextPage"/>'
        f'<w:pgSz w:w="{wide}" w:h="{high}"{turned}/>'
        f'<w:pgMar {sides} w:header="{margin // 2}" w:footer="{margin // 2}" w:gutter="0"/></w:sectPr>'
    )


def _document(text: str, package: Package) -> str:
    widths = iter(package.widths)
    text = GRID.sub(lambda match: _grid(match[1], next(widths)), text)
    text = text.replace("<w:trPr><w:tblHeader", "<w:trPr><w:cantSplit/><w:tblHeader")
    text = text.replace("<w:tr><w:tc>", "<w:tr><w:trPr><w:cantSplit/></w:trPr><w:tc>")
    return LAST_SECTION.sub(f"{_section(package.landscape)}</w:body>", text)


def _grid(between: str, widths: Sequence[float]) -> str:
    twips = [round(width * TWIPS) for width in widths]
    columns = "".join(f'<w:gridCol w:w="{width}"/>' for width in twips)
    fixed = f'<w:tblW w:type="dxa" w:w="{sum(twips)}"/><w:tblLayout w:type="fixed"/>'
    return f"{fixed}{between}<w:tblGrid>{columns}</w:tblGrid>"


def _headers(title: str) -> Iterator[tuple[str, str]]:
    for landscape, name in HEADERS.items():
        right = round((SHEET[landscape] - 2 * MARGIN) * TWIPS)
        yield (
            f"word/{name}.xml",
            f'{DECLARATION}<w:hdr xmlns:w="{WORD}"><w:p><w:pPr><w:pStyle w:val="Header"/>'
            f'<w:tabs><w:tab w:val="right" w:pos="{right}"/></w:tabs></w:pPr>'
            f'<w:r><w:t xml:space="preserve">{escape(title)}</w:t></w:r><w:r><w:tab/></w:r>'
            '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve"> PAGE </w:instrText>'
            '</w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p></w:hdr>',
        )


def _relation(name: str) -> str:
    return "picture_" + re.sub(r"\W", "_", name.removesuffix(".svg"))


def _relations(pictures: Iterable[Picture]) -> str:
    heads = "".join(
        f'<Relationship Type="{RELATIONS}/header" Id="{name}" Target="{name}.xml"/>' for name in HEADERS.values()
    )
    images = "".join(
        f'<Relationship Type="{RELATIONS}/image" Id="{_relation(picture.name)}_{kind}" '
        f"Target={quoteattr(f'media/{picture.name.removesuffix(".svg")}.{kind}')}/>"
        for picture in pictures
        for kind in ("png", "svg")
    )
    return heads + images


def _types() -> str:
    kinds = (("png", "image/png"), ("svg", "image/svg+xml"))
    heads = (f'<Override PartName="/word/{name}.xml" ContentType="{HEADER_TYPE}"/>' for name in HEADERS.values())
    return "".join((*(f'<Default Extension="{end}" ContentType="{kind}"/>' for end, kind in kinds), *heads))


def _added(xml: str, more: str) -> str:
    """Put elements before the end of the outermost one."""
    before, tag, after = xml.rpartition("</")
    return f"{before}{more}{tag}{after}"


def _core(package: Package) -> str:
    made = datetime.fromtimestamp(package.timestamp, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    dates = "".join(
        f'<dcterms:{name} xsi:type="dcterms:W3CDTF">{made}</dcterms:{name}>' for name in ("created", "modified")
    )
    return (
        f'{DECLARATION}<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{escape(package.title)}</dc:title><dc:language>en</dc:language>{dates}</cp:coreProperties>"
    )
