"""Citations and references against examples of the APA manual's forms, and the project's own list of works."""

import re
from pathlib import Path

import pytest

from analysis.errors import ConfigError
from analysis.reporting.bibtex import parse_bibtex
from analysis.reporting.references import Citations, format_reference, link_doi

ROOT = Path(__file__).parents[2]
WORKS = parse_bibtex((ROOT / "reports" / "references.bib").read_text(encoding="utf-8"))

# As metafor's own manual and the publishers print them.
EXPECTED = {
    "viechtbauer2005": "Viechtbauer, W. (2005). Bias and efficiency of meta-analytic variance estimators in the "
    "random-effects model. Journal of Educational and Behavioral Statistics, 30(3), 261\u2013293. "
    "https://doi.org/10.3102/10769986030003261",
    "hunter2004": "Hunter, J. E., & Schmidt, F. L. (2004). Methods of meta-analysis: Correcting error and bias in "
    "research findings (2nd ed.). Sage.",
    "raudenbush2009": "Raudenbush, S. W. (2009). Analyzing effect sizes: Random-effects models. In H. Cooper, "
    "L. V. Hedges, & J. C. Valentine (Eds.), The handbook of research synthesis and meta-analysis (2nd ed., "
    "pp. 295\u2013315). Russell Sage Foundation.",
    "maassen2020": "Maassen, E., van Assen, M. A. L. M., Nuijten, M. B., Olsson-Collentine, A., & Wicherts, J. M. "
    "(2020). Reproducibility of individual effect sizes in meta-analyses in psychology. PLOS ONE, 15(5), "
    "Article e0233107. https://doi.org/10.1371/journal.pone.0233107",
    "kolden2011": "Kolden, G. G., Klein, M. H., Wang, C.-C., & Austin, S. B. (2011). Congruence/genuineness. "
    "Psychotherapy, 48(1), 65\u201371. https://doi.org/10.1037/a0022064",
}


@pytest.mark.parametrize("key", EXPECTED)
def test_references_in_apa_style(key: str) -> None:
    assert format_reference(WORKS[key]).striptags() == EXPECTED[key].replace("  ", " ")


def test_journal_and_volume_are_in_italics() -> None:
    assert "<i>Statistics in Medicine</i>, <i>22</i>(17), 2693" in format_reference(WORKS["knapp2003"])


def test_citations_in_a_sentence_and_in_parentheses() -> None:
    citations = Citations(WORKS)
    assert citations.cite("higgins2009", "knapp2003").striptags() == "(Higgins et al., 2009; Knapp & Hartung, 2003)"
    assert citations.narrative("knapp2003").striptags() == "Knapp and Hartung (2003)"
    assert [key for key, _ in citations.references()] == ["higgins2009", "knapp2003"]


def test_a_dataset_cites_the_work_that_has_its_doi_and_else_itself() -> None:
    citations = Citations(WORKS)
    assert "#ref-farber2011" in citations.dataset("Farber & Doolin (2011)", "10.1037/a0022141")
    assert "&lt;b&gt;" in citations.dataset("<b>Unknown</b>", None)
    assert [key for key, _ in citations.references()] == ["dataset", "farber2011"]


def test_more_than_twenty_authors_are_cut_as_apa_says() -> None:
    authors = " and ".join(f"Name{letter}, A." for letter in "ABCDEFGHIJKLMNOPQRSTUV")
    entry = f"@article{{x, author = {{{authors}}}, year = {{2001}}, title = {{T}}, journal = {{J}},}}"
    text = format_reference(parse_bibtex(entry)["x"]).striptags()
    assert "NameS, A., … NameV, A." in text
    assert "NameT" not in text


@pytest.mark.parametrize("doi", ["javascript:alert(1)", "10.1/x", 'x" onclick="y', "10.1234/a b"])
def test_what_is_not_a_doi_is_never_a_link(doi: str) -> None:
    assert "<a" not in link_doi(doi)
    assert '"' not in link_doi(doi)


def test_a_doi_of_brackets_is_a_link() -> None:
    assert 'href="https://doi.org/10.1002/(SICI)1097-0258(19960330)15:6%3C619' in format_reference(WORKS["hardy1996"])


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("@book{a, title = {x}, }\n@book{a, title = {y}, }", "twice"),
        ("@book{a, title = {x, ", "not closed"),
        ("@book{a, title = x, }", "without braces"),
        ("@book{a, title = {x} year = {2001} nonsense }", "does not end"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(text: str, word: str) -> None:
    with pytest.raises(ConfigError, match=word):
        parse_bibtex(text)


def test_letters_with_accents_of_tex_are_letters() -> None:
    entry = (
        r"""@book{a, author = {L{\"u}decke, D. and Nu\~nez, \'{E}.}, year = {2001}, title = {T}, publisher = {P},}"""
    )
    assert format_reference(parse_bibtex(entry)["a"]).striptags().startswith("Lüdecke, D., & Nuñez, É. (2001).")
    assert not [work.key for work in WORKS.values() if "\\" in format_reference(work)]


def test_an_unknown_work_is_refused() -> None:
    with pytest.raises(ConfigError, match="nobody1999"):
        Citations(WORKS).cite("nobody1999")


def test_every_work_can_be_cited_without_confusion() -> None:
    labels = [Citations(WORKS).cite(key).striptags() for key in WORKS]
    assert len(set(labels)) == len(WORKS)
    dois = [work.fields["doi"] for work in WORKS.values() if "doi" in work.fields]
    assert len(set(dois)) == len(dois)


def test_every_citation_of_a_template_is_in_the_list() -> None:
    templates = (ROOT / "reports" / "templates").glob("*.j2")
    cited = {
        key
        for path in templates
        for call in re.findall(r"(?:cite|narrative)\(([^)]*)\)", path.read_text(encoding="utf-8"))
        for key in re.findall(r'"(\w+)"', call)
    }
    assert len(cited) > 15
    assert cited <= set(WORKS)
