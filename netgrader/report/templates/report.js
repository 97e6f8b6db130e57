(function () {
  "use strict";
  var table = document.getElementById("class");
  if (!table) return;
  var body = table.tBodies[0], rows = Array.prototype.slice.call(body.rows);
  var controls = document.getElementById("controls"), count = document.getElementById("shown");
  var name = document.getElementById("by-name"), state = document.getElementById("by-state"), fault = document.getElementById("by-fault");

  function value(row, column) {
    var cell = row.cells[column], key = cell.getAttribute("data-sort");
    return key === null ? cell.textContent.trim().toLowerCase() : parseFloat(key);
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
        var x = value(a, column), y = value(b, column);
        var order = x < y ? -1 : x > y ? 1 : 0;
        return down ? -order : order;
      });
      rows.forEach(function (row) { body.appendChild(row); });
    });
  });

  function filter() {
    var wanted = name.value.trim().toLowerCase(), shown = 0;
    rows.forEach(function (row) {
      var faults = " " + row.getAttribute("data-faults") + " ";
      var fits = row.getAttribute("data-search").indexOf(wanted) >= 0 &&
        (!state.value || row.getAttribute("data-state") === state.value) &&
        (!fault.value || faults.indexOf(" " + fault.value + " ") >= 0);
      row.hidden = !fits;
      if (fits) shown += 1;
    });
    count.textContent = count.getAttribute("data-words").replace("{shown}", shown).replace("{all}", rows.length);
  }

  [name, state, fault].forEach(function (control) {
    control.addEventListener("input", filter);
    control.addEventListener("change", filter);
  });
  controls.hidden = false;
  filter();
})();
