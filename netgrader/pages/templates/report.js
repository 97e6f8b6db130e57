(function () {
  "use strict";
  var table = document.getElementById("class");
  if (!table) return;
  var body = table.tBodies[0], step = body.rows.length, limit = step;
  // Of a large class only the first rows are elements; the others are texts until they are shown.
  var rows = Array.prototype.map.call(body.rows, function (row) {
    return {
      node: row, search: row.getAttribute("data-search"), state: row.getAttribute("data-state"), faults: row.getAttribute("data-faults"),
      keys: Array.prototype.map.call(row.cells, function (cell) {
        var key = cell.getAttribute("data-sort");
        return key === null ? cell.textContent.trim().toLowerCase() : parseFloat(key);
      })
    };
  });
  var more = document.getElementById("more"), rest = document.getElementById("more-rows");
  (rest ? JSON.parse(rest.textContent) : []).forEach(function (row) {
    rows.push({ node: null, search: row[0], state: row[1], faults: row[2], keys: row[3], text: row[4] });
  });
  var controls = document.getElementById("controls"), count = document.getElementById("shown");
  var name = document.getElementById("by-name"), state = document.getElementById("by-state"), fault = document.getElementById("by-fault");

  function element(row) {
    if (!row.node) {
      var holder = document.createElement("template");
      holder.innerHTML = row.text;
      row.node = holder.content.firstElementChild;
      row.text = "";
    }
    return row.node;
  }

  Array.prototype.forEach.call(table.querySelectorAll("th[data-column]"), function (head) {
    var column = parseInt(head.getAttribute("data-column"), 10), button = document.createElement("button");
    button.type = "button";
    button.title = head.getAttribute("data-title");
    while (head.firstChild) button.appendChild(head.firstChild);
    head.appendChild(button);
    button.addEventListener("click", function () {
      var down = head.getAttribute("aria-sort") === "ascending";
      Array.prototype.forEach.call(table.querySelectorAll("th[aria-sort]"), function (other) { other.removeAttribute("aria-sort"); });
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      rows.sort(function (a, b) {
        var x = a.keys[column], y = b.keys[column];
        var order = x < y ? -1 : x > y ? 1 : 0;
        return down ? -order : order;
      });
      show();
    });
  });

  function show() {
    var wanted = name.value.trim().toLowerCase();
    var fitting = rows.filter(function (row) {
      return row.search.indexOf(wanted) >= 0 && (!state.value || row.state === state.value) &&
        (!fault.value || (" " + row.faults + " ").indexOf(" " + fault.value + " ") >= 0);
    });
    body.replaceChildren.apply(body, fitting.slice(0, limit).map(element));
    count.textContent = count.getAttribute("data-words").replace("{shown}", fitting.length).replace("{all}", rows.length);
    if (more) {
      more.hidden = fitting.length <= limit;
      more.textContent = more.getAttribute("data-words").replace("{number}", Math.min(step, fitting.length - limit));
    }
  }

  function filter() {
    limit = step;
    show();
  }

  if (more) more.addEventListener("click", function () { limit += step; show(); });
  [name, state, fault].forEach(function (control) {
    control.addEventListener("input", filter);
    control.addEventListener("change", filter);
  });
  controls.hidden = false;
  filter();
})();
