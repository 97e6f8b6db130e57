(function () {
  "use strict";
  var table = document.getElementById("class");
  if (!table) return;
  var body = table.tBodies[0], rows = Array.from(body.rows), heads = Array.from(table.tHead.rows[1].cells);

  function key(row, column) {
    var value = row.cells[column].getAttribute("data-sort");
    return value === null ? row.cells[column].textContent.trim().toLowerCase() : parseFloat(value);
  }

  heads.forEach(function (head, column) {
    var button = document.createElement("button");
    button.type = "button";
    button.title = head.getAttribute("data-title");
    button.append.apply(button, Array.from(head.childNodes));
    head.append(button);
    button.addEventListener("click", function () {
      var sign = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      heads.forEach(function (other) { other.removeAttribute("aria-sort"); });
      head.setAttribute("aria-sort", sign < 0 ? "descending" : "ascending");
      rows.sort(function (a, b) {
        var x = key(a, column), y = key(b, column);
        return sign * (x < y ? -1 : x > y ? 1 : 0);
      });
      body.append.apply(body, rows);
    });
  });

  document.getElementById("controls").hidden = false;
})();
