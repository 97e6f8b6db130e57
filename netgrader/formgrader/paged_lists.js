// Formgrader's lists of a large class: rows are made when their page is shown, by nbgrader's own views.
// Sent after nbgrader's script of a list (handlers.py), of which it knows the collection, the view and `insertRow`.
(function () {
  "use strict";
  const MANY = 500; // so many rows nbgrader makes within a second: smaller classes see its list as it is
  const PAGE = 100;

  const points = (part) => ({
    sorted: (one) => (one[`max_${part}`] === 0 ? 0 : one[part] / one[`max_${part}`]),
    found: (one) => `${roundToPrecision(one[part], 2)} / ${roundToPrecision(one[`max_${part}`], 2)}`,
  });
  const mark = (name, words) => ({ sorted: (one) => (one[name] ? 1 : 0), found: (one) => (one[name] ? words : "") });
  const person = (one) => `${one.last_name ?? "None"}, ${one.first_name ?? "None"}`;
  const states = ["needs autograding", "needs manual grading", "graded"];
  const state = (one) => (!one.autograded ? 0 : one.needs_manual_grade ? 1 : 2);
  const nothing = { sorted: () => 0, found: () => "" };

  // What a column is sorted and searched by, by the class of nbgrader's cell.
  const lists = [
    {
      collection: window.Submissions,
      view: window.SubmissionUI,
      columns: {
        "student-name": { sorted: person, found: person },
        "student-id": { sorted: (one) => one.student, found: (one) => one.student },
        timestamp: { sorted: (one) => one.timestamp ?? "None", found: (one) => one.display_timestamp ?? "None" },
        status: { sorted: state, found: (one) => states[state(one)] },
        score: {
          sorted: (one) => (one.autograded ? points("score").sorted(one) : 0),
          found: (one) => (one.autograded ? points("score").found(one) : ""),
        },
      },
    },
    {
      collection: window.SubmittedNotebooks,
      view: window.SubmittedNotebookUI,
      columns: {
        name: {
          sorted: (one) => one.index,
          found: (one) => {
            const named = one.last_name !== null && one.first_name !== null;
            return `Submission #${one.index + 1} ${named ? person(one) : one.student}`;
          },
        },
        score: points("score"),
        "code-score": points("code_score"),
        "written-score": points("written_score"),
        "task-score": points("task_score"),
        "needs-manual-grade": mark("needs_manual_grade", "needs manual grade"),
        "tests-failed": mark("failed_tests", "tests failed"),
        flagged: mark("flagged", "flagged"),
      },
    },
  ];

  // What is searched, DataTables takes for HTML, so a name must not be any; and it finds nothing in a text of two lines.
  const searched = (text) => _.escape(text).replace(/[\u2028\u2029]/g, " ");

  function showPaged(models, list) {
    const body = $("#main-table").empty();
    const cells = insertRow($("<tbody/>")).children().toArray();
    const shown = new Map(); // views of the rows that were made, by their model
    const table = body.parent().DataTable({
      data: models.models,
      deferRender: true,
      autoWidth: false,
      pageLength: PAGE,
      lengthMenu: [PAGE, MANY],
      stateSave: true,
      stateDuration: -1, // while the browser's tab is open: who comes back from a submission finds the page as it was
      stateSaveParams: (_settings, state) => void (state.course = netgraderCourse),
      stateLoadParams: (_settings, state) => state.course === netgraderCourse,
      language: { lengthMenu: "Show _MENU_ a page", info: "_START_ to _END_ of _TOTAL_" },
      columnDefs: [{ targets: "no-sort", orderable: false }],
      columns: cells.map((cell) => {
        const column = list.columns[[...cell.classList].find((name) => name in list.columns)] ?? nothing;
        return {
          data: null,
          className: cell.className,
          // The view fills the cell, as text.
          render: (_data, type, model) => {
            if (type === "display") return "";
            return type === "filter" ? searched(column.found(model.attributes)) : column.sorted(model.attributes);
          },
        };
      }),
      createdRow: (row, model) => shown.set(model, new list.view({ model: model, el: row })),
      drawCallback: () => {
        $("span.glyphicon.name-hidden").tooltip({ title: "Show student name" });
        $("span.glyphicon.name-shown").tooltip({ title: "Hide student name" });
        if (typeof updateToggleNamesButtonLabel === "function") updateToggleNamesButtonLabel();
      },
    });
    // A submission that was graded by its button is sorted and found by what it is now.
    models.on("sync", (model) => {
      if (shown.has(model)) {
        table.row(shown.get(model).el).invalidate();
        shown.get(model).render();
      }
    });
    models.loaded = true;
  }

  lists.filter((list) => list.collection).forEach((list) => {
    list.collection.prototype.fetch = function (options) {
      const few = options.success;
      const success = (...answer) => (this.length > MANY ? showPaged(this, list) : few(...answer));
      return Backbone.Collection.prototype.fetch.call(this, { ...options, success });
    };
  });
})();
