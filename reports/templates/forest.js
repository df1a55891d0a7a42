// The forest plot: filters its rows, shows what stands behind one, and shows the result without one. Nothing is computed
// here: what is said of a row left out stands in its template, and the diamond's place with it.
(function () {
  "use strict";
  var forest = document.querySelector("figure.forest");
  if (!forest) { return; }
  var rows = Array.from(forest.querySelectorAll("tbody.effects > tr"));

  function one(selector) { return forest.querySelector(selector); }
  function all(selector) { return Array.from(forest.querySelectorAll(selector)); }
  function show(element) { if (element) { element.hidden = false; } }
  function name(row) { return row.querySelector("summary"); }

  // --- Filters ---

  var search = one(".search");
  var count = one(".count");

  function cell(row, column) { return row.querySelectorAll("td.moderator")[column]; }

  function keeps(filter, row) {
    var found = cell(row, Number(filter.dataset.column));
    if (filter.tagName === "SELECT") { return !filter.value || found.textContent.trim() === filter.value; }
    var least = filter.querySelector(".least").value, most = filter.querySelector(".most").value;
    if (least === "" && most === "") { return true; }
    var text = found.dataset.value;
    return text !== "" && (least === "" || Number(text) >= Number(least)) && (most === "" || Number(text) <= Number(most));
  }

  function filter() {
    var words = search.value.trim().toLocaleLowerCase();
    var filters = all(".controls [data-column]");
    var shown = 0;
    rows.forEach(function (row) {
      row.hidden = !(name(row).textContent.toLocaleLowerCase().includes(words) &&
        filters.every(function (each) { return keeps(each, row); }));
      shown += row.hidden ? 0 : 1;
    });
    count.textContent = shown + " of " + rows.length + " effects shown";
    one(".filtered").hidden = shown === rows.length;
  }

  one(".controls").addEventListener("input", filter);
  one(".reset").addEventListener("click", function () {
    all(".controls input, .controls select").forEach(function (control) { control.value = ""; });
    filter();
  });
  show(one(".controls"));
  filter();

  // --- What stands behind a row: under the pointer, or where the keyboard is ---

  var pointed = one(".pointed");

  function point(row) {
    var heading = document.createElement("strong");
    var numbers = row.querySelector("details dl").cloneNode(true);
    heading.textContent = name(row).textContent;
    pointed.replaceChildren(heading, numbers);
    pointed.hidden = false;
  }

  function onRow(event) {
    var row = event.target.closest("tbody.effects > tr");
    if (row) { point(row); }
  }

  if (window.matchMedia("(hover: hover)").matches) {
    show(pointed);
    one("tbody.effects").addEventListener("mouseover", onRow);
  }
  one("tbody.effects").addEventListener("focusin", function (event) {
    if (event.target.matches(":focus-visible")) { onRow(event); }
  });
  document.addEventListener("keydown", function (event) { if (event.key === "Escape") { pointed.hidden = true; } });

  // --- One effect, or one study, left out ---

  var omission = one(".omission");
  if (!omission) { return; }
  var changed = one(".changed");
  var restore = one(".restore");
  var whole = one(".whole");
  var less = one(".less");
  var mean = one("path.mean");
  var ghost = one("path.ghost").getAttribute("d");

  // The mean and its interval in the row of the mean.
  var cells = all("tr.pooled td.num").map(function (cell) { return { cell: cell, all: Array.from(cell.childNodes) }; });

  function move(template) {
    mean.setAttribute("d", template ? template.dataset.diamond : ghost);
    forest.classList.toggle("moved", Boolean(template));
    less.hidden = !template;
    [".number", ".nowrap"].forEach(function (part, index) {
      var now = template ? [template.content.querySelector(part).cloneNode(true)] : cells[index].all;
      cells[index].cell.replaceChildren.apply(cells[index].cell, now);
    });
  }

  function putBack() {
    move(null);
    rows.forEach(function (row) {
      row.classList.remove("omitted");
      row.querySelector(".keep").checked = true;
    });
    if (whole) { whole.value = ""; }
    changed.replaceChildren();
    restore.hidden = true;
  }

  function leaveOut(left, template) {
    left.forEach(function (row) {
      row.classList.add("omitted");
      row.querySelector(".keep").checked = false;
    });
    var before = one('template[data-with="' + template.dataset.before + '"]');
    changed.append(template.content.cloneNode(true), before.content.cloneNode(true));
    restore.hidden = false;
    if (template.dataset.diamond) { move(template); }
  }

  rows.forEach(function (row) {
    var keep = row.querySelector(".keep");
    show(keep);
    keep.addEventListener("change", function () {
      var out = !keep.checked;
      putBack();
      if (out) { leaveOut([row], row.querySelector("template.without")); }
    });
  });
  restore.addEventListener("click", function () {
    var first = one(".omitted .keep");
    putBack();
    if (first) { first.focus(); }
  });
  if (whole) {
    whole.addEventListener("change", function () {
      var key = whole.value;
      putBack();
      if (!key) { return; }
      whole.value = key;
      var left = rows.filter(function (row) { return row.dataset.study === key; });
      var told = all("[data-whole]").find(function (each) { return each.dataset.whole === key; });
      leaveOut(left, told.querySelector("template"));
    });
  }
  show(omission);
}());
