"""Citations and references in APA style (7th edition, sections 8.10 to 8.17 and 9.4 to 9.37)."""

import re
from collections.abc import Mapping
from typing import Final

from markupsafe import Markup, escape

from analysis.errors import ConfigError
from analysis.reporting.bibtex import Work

DOI: Final = re.compile(r"10\.\d{4,9}/\S+")
# APA lists up to twenty authors; of more, the first nineteen and the last.
LISTED_AUTHORS: Final = 20
NAMED_IN_TEXT: Final = 2


class Citations:
    """The works a page may cite, and those it has cited so far."""

    def __init__(self, works: Mapping[str, Work]):
        self._works = works
        self._cited: dict[str, Markup] = {}

    def cite(self, *keys: str) -> Markup:
        """Return a parenthetical citation that links to the references: `(Knapp & Hartung, 2003)`."""
        works = sorted((self._work(key) for key in keys), key=_order)
        for work in works:
            self._cited[work.key] = format_reference(work)
        links = [Markup('<a href="#ref-{}">{}</a>').format(work.key, _short(work)) for work in works]
        return Markup("({})").format(Markup("; ").join(links))

    def narrative(self, key: str) -> Markup:
        """Return a citation that is part of a sentence: `Knapp and Hartung (2003)`."""
        work = self._work(key)
        self._cited[key] = format_reference(work)
        return Markup('<a href="#ref-{}">{} ({})</a>').format(key, _who(work, " and "), _year(work))

    def dataset(self, citation: str, doi: str | None) -> Markup:
        """Cite the source of a dataset: as a known work where the DOI is one of ours, else in its own words."""
        known = next((work for work in self._works.values() if doi and work.fields.get("doi") == doi), None)
        if known is not None:
            self._cited[known.key] = format_reference(known)
            return Markup('<a href="#ref-{}">{}</a>').format(known.key, citation)
        text = Markup("{} {}").format(citation, link_doi(doi)) if doi else escape(citation)
        key = next((key for key, cited in self._cited.items() if cited == text), None)
        if key is None:
            key = "dataset" if "dataset" not in self._cited else f"dataset-{len(self._cited)}"
            self._cited[key] = text
        return Markup('<a href="#ref-{}">{}</a>').format(key, citation)

    def references(self) -> list[tuple[str, Markup]]:
        """Return key and text of everything cited so far, in alphabetical order."""
        return sorted(self._cited.items(), key=lambda item: item[1].striptags().casefold())

    def _work(self, key: str) -> Work:
        if key not in self._works:
            raise ConfigError(f"references.bib: {key} is cited but not there. Add the entry or cite another work.")
        return self._works[key]


def link_doi(doi: str | None) -> Markup:
    """Return a DOI as a link, or as plain text where it does not look like one."""
    if doi is None or not DOI.fullmatch(doi):
        return escape(doi or "")
    address = f"https://doi.org/{doi.replace('<', '%3C').replace('>', '%3E')}"
    return Markup('<a href="{}" rel="noreferrer">https://doi.org/{}</a>').format(address, doi)


def format_reference(work: Work) -> Markup:
    """Return one entry of the list of references in APA style."""
    field = work.fields
    year = Markup("{} ({}).").format(_sentence(_listed(work.authors)), field.get("year", "n.d."))
    parts = {"article": _article, "incollection": _chapter, "conference": _talk}.get(work.kind, _book)(work)
    where = link_doi(field["doi"]) if "doi" in field else _link(field.get("url"))
    return Markup(" ").join(part for part in (year, parts, where) if part)


def _article(work: Work) -> Markup:
    field = work.fields
    volume = Markup(", <i>{}</i>").format(field["volume"]) if "volume" in field else Markup("")
    issue = f"({field['number']})" if "number" in field else ""
    pages = f", {field['pages']}" if "pages" in field else f", Article {field['eid']}" if "eid" in field else ""
    journal = Markup("<i>{}</i>").format(field["journal"])
    return Markup("{} {}{}{}{}.").format(_sentence(field["title"]), journal, volume, issue, pages)


def _book(work: Work) -> Markup:
    edition = f" ({work.fields['edition']} ed.)" if "edition" in work.fields else ""
    return Markup("<i>{}</i>{}. {}").format(work.fields["title"], edition, _sentence(work.fields.get("publisher", "")))


def _chapter(work: Work) -> Markup:
    field = work.fields
    role = "Ed." if len(work.editors) == 1 else "Eds."
    named = [_initialled(*name, family_first=False) for name in work.editors]
    editors = f"{_joined(named)} ({role}), " if named else ""
    details = [f"{field['edition']} ed."] if "edition" in field else []
    details += [f"pp. {field['pages']}"] if "pages" in field else []
    return Markup("{} In {}<i>{}</i>{}. {}").format(
        _sentence(field["title"]),
        editors,
        field["booktitle"],
        f" ({', '.join(details)})" if details else "",
        _sentence(field.get("publisher", "")),
    )


def _talk(work: Work) -> Markup:
    return Markup("<i>{}</i> [Conference presentation]. {}").format(
        work.fields["title"], _sentence(work.fields["booktitle"])
    )


def _link(url: str | None) -> Markup:
    return Markup('<a href="{0}" rel="noreferrer">{0}</a>').format(url) if url else Markup("")


def _sentence(text: str) -> str:
    return text if not text or text[-1] in ".?!" else f"{text}."


def _initialled(family: str, given: str, *, family_first: bool) -> str:
    initials = " ".join("-".join(f"{part[0]}." for part in name.split("-") if part) for name in given.split())
    parts = (family, initials) if family_first else (initials, family)
    return (", " if family_first else " ").join(part for part in parts if part)


def _joined(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])}{',' if len(names) > 2 else ''} & {names[-1]}"


def _listed(authors: tuple[tuple[str, str], ...]) -> str:
    names = [_initialled(*name, family_first=True) for name in authors]
    if len(names) == 1:
        return names[0]
    if len(names) > LISTED_AUTHORS:
        return f"{', '.join(names[: LISTED_AUTHORS - 1])}, \u2026 {names[-1]}"
    return f"{', '.join(names[:-1])}, & {names[-1]}"


def _short(work: Work) -> str:
    return f"{_who(work, ' & ')}, {_year(work)}"


def _who(work: Work, joiner: str) -> str:
    families = [family for family, _ in work.authors]
    return f"{families[0]} et al." if len(families) > NAMED_IN_TEXT else joiner.join(families)


def _year(work: Work) -> str:
    return work.fields.get("year", "n.d.")


def _order(work: Work) -> tuple[str, str]:
    return (work.authors[0][0].casefold(), _year(work))
