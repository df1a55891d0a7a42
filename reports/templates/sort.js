// Tables whose headings say how to sort (data-sort): a button in each sorts up, down, and back to the first order.
(function () {
  "use strict";
  var collator = new Intl.Collator("en", { numeric: true });

  // What a cell is sorted by; null for a missing one, which comes last either way.
  function value(row, column, kind) {
    var cell = row.cells[column];
    var text = cell.dataset.value === undefined ? cell.textContent.trim() : cell.dataset.value;
    if (kind === "numbers") { return text === "" || isNaN(Number(text)) ? null : Number(text); }
    return text === "" || text === "\u2013" ? null : text;
  }

  function compare(a, b, kind) {
    return kind === "numbers" ? a - b : collator.compare(a, b);
  }

  function sort(table, heading, first) {
    var next = { none: "ascending", ascending: "descending", descending: "none" };
    var order = next[heading.getAttribute("aria-sort") || "none"];
    table.querySelectorAll("th[aria-sort]").forEach(function (other) { other.removeAttribute("aria-sort"); });
    var rows = first.slice();
    if (order !== "none") {
      heading.setAttribute("aria-sort", order);
      var sign = order === "ascending" ? 1 : -1;
      var kind = heading.dataset.sort;
      var keys = new Map(rows.map(function (row) { return [row, value(row, heading.cellIndex, kind)]; }));
      rows.sort(function (a, b) {
        var one = keys.get(a), two = keys.get(b);
        if (one === null || two === null) { return (one === null) - (two === null); }
        return sign * compare(one, two, kind);
      });
    }
    table.tBodies[0].append.apply(table.tBodies[0], rows);
  }

  document.querySelectorAll("th[data-sort]").forEach(function (heading) {
    var table = heading.closest("table");
    var first = Array.from(table.tBodies[0].rows);
    var button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append.apply(button, Array.from(heading.childNodes));
    button.addEventListener("click", function () { sort(table, heading, first); });
    heading.append(button);
  });
}());
