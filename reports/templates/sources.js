// Where a number comes from: beside a number that is pressed, its file, its row of the configuration and its rows of data.
(function () {
  "use strict";
  var block = document.getElementById("origins");
  if (!block) { return; }
  var origins = JSON.parse(block.textContent);
  var pressed = null;

  function element(name, text, kind) {
    var made = document.createElement(name);
    if (text) { made.textContent = text; }
    if (kind) { made.className = kind; }
    return made;
  }

  // A path within the project as a link: the page lies three folders below it.
  function file(path, words) {
    var link = element("a", words || path);
    link.href = "../../../" + path.split("/").map(encodeURIComponent).join("/");
    return link;
  }

  function entry(list, term, parts) {
    list.append(element("dt", term));
    var told = element("dd");
    parts.forEach(function (part) { told.append(part); });
    list.append(told);
  }

  function place(path) {
    // "../ledger.csv" stands beside the folder of tables.
    return path.indexOf("../") === 0 ? origins.results + "/" + path.slice(3) : origins.tables + "/" + path;
  }

  // "random_effects/fit.json; random_effects/coefficients.csv:2; data/x/effects.csv:3" as links.
  function chain(text) {
    var parts = [];
    text.split("; ").forEach(function (one, index) {
      if (index) { parts.push(document.createTextNode("; ")); }
      var path = one.replace(/:[\d\-\u2013, ]+$/, "");
      if (/^[\w./\-]+\.(csv|json|nc|yaml)$/.test(path)) {
        parts.push(file(/^(data|results)\//.test(path) ? path : origins.results + "/" + path, one));
      } else {
        parts.push(document.createTextNode(one));
      }
    });
    return parts;
  }

  function modelLink(name) {
    var link = element("a", name.replace(/_/g, " "));
    link.href = "#row-" + name;
    link.addEventListener("click", function () {
      var row = document.getElementById("row-" + name);
      if (row) { row.closest("details").open = true; }
    });
    return link;
  }

  function describe(number) {
    var list = element("dl");
    number.dataset.source.split(" ").forEach(function (source, index) {
      var parts = source.split(":");
      if (index === 0) {
        // The first row of a table is its second line.
        var told = (origins.rows[parts[0]] || [])[parts[1] - 2] || [];
        var row = { from: told[0], model: told[1], line: told[2] };
        entry(list, "Stored in", [file(place(parts[0])), ", line " + parts[1] + ", column " + parts.slice(2).join(":")]);
        if (row.from) { entry(list, "Made from", chain(row.from)); }
        if (row.model && origins.models[row.model]) { entry(list, "Model", [modelLink(row.model)]); }
        var lines = row.line ? "line " + row.line : origins.models[row.model] || origins.lines;
        if (lines) { entry(list, "Data", [file(origins.data), ", " + lines]); }
        if (origins.files.length) { entry(list, "Data", chain(origins.files.join("; "))); }
      } else {
        entry(list, "and", ["column " + parts.slice(2).join(":")]);
      }
    });
    return list;
  }

  var panel = element("aside", "", "origin");
  panel.id = "origin";
  panel.hidden = true;
  panel.setAttribute("role", "dialog");
  panel.setAttribute("aria-labelledby", "origin-title");

  function close() {
    if (panel.hidden) { return; }
    panel.hidden = true;
    if (pressed) { pressed.removeAttribute("aria-expanded"); pressed.focus({ preventScroll: true }); }
    pressed = null;
  }

  function open(number) {
    if (pressed) { pressed.removeAttribute("aria-expanded"); }
    pressed = number;
    var title = element("h2", "Where " + number.textContent.trim() + " comes from");
    title.id = "origin-title";
    var button = element("button", "Close");
    button.type = "button";
    button.addEventListener("click", close);
    panel.replaceChildren(title, describe(number), button);
    panel.hidden = false;
    number.setAttribute("aria-expanded", "true");
    button.focus({ preventScroll: true });
  }

  // One stop of the tab key for each table; arrow keys go from number to number.
  function numbers(row) { return Array.from(row.querySelectorAll("a[data-source]")); }

  function move(number, key) {
    var row = number.closest("tr");
    var own = numbers(row);
    var index = own.indexOf(number);
    if (key === "ArrowLeft" || key === "ArrowRight") { return own[index + (key === "ArrowRight" ? 1 : -1)]; }
    var column = number.closest("td, th").cellIndex;
    for (var next = row; next; ) {
      next = key === "ArrowDown" ? next.nextElementSibling : next.previousElementSibling;
      if (!next) { return null; }
      var cell = next.cells[column];
      var found = cell && !next.hidden && cell.querySelector("a[data-source]");
      if (found) { return found; }
    }
    return null;
  }

  document.querySelectorAll("tbody").forEach(function (body) {
    var first = body.querySelector("a[data-source]");
    if (first) { first.tabIndex = 0; }
  });
  document.addEventListener("click", function (event) {
    var number = event.target.closest("a[data-source]");
    if (number) { event.preventDefault(); open(number); }
  });
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape") { close(); return; }
    var number = event.target.closest ? event.target.closest("td a[data-source], th a[data-source]") : null;
    if (!number || event.key.indexOf("Arrow") !== 0) { return; }
    var next = move(number, event.key);
    if (next) {
      event.preventDefault();
      number.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    }
  });
  document.body.append(panel);
}());
