/* What one can watch learn: a walk down a valley at a rate that one sets, and stencils as they change from step to step. Behind widget.js. */
var SVG = "http://www.w3.org/2000/svg", WIDE = 320, HIGH = 230, LEFT = 44, RIGHT = 8, TOP = 10, BOTTOM = 40;

// A slider with its label before it and its value behind it.
function slider(parent, label, range, moved) {
  var row = element(parent, "label", "sl-row"), name = element(row, "span", "", label), input = element(row, "input");
  input.type = "range";
  input.min = range[0];
  input.max = range[1];
  input.step = range[2];
  input.value = range[3];
  input.addEventListener("input", moved);
  return { input: input, value: element(row, "span", "sl-value"), name: name };
}

function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, function (all, name) { return name in values ? values[name] : all; });
}

// ---- the valley ----------------------------------------------------------------------------------------------------

// Gradient descent on the loss w², whose slope is 2w.
function walk(rate, steps, start) {
  var places = [start];
  for (var step = 0; step < steps; step++) places.push(places[step] - rate * 2 * places[step]);
  return places;
}

function squares(places) { return places.map(function (w) { return w * w; }); }

// Which of the sentences is true of a walk.
function verdict(places, nearly) {
  var losses = squares(places), first = losses[0], last = losses[losses.length - 1];
  var arrived = losses.findIndex(function (loss) { return loss < nearly; }), crosses = places[0] * places[1] < 0;
  if (last > first) return { key: "climbs", arrived: arrived };
  if (last === first) return { key: "stays", arrived: arrived };
  if (arrived === 1) return { key: "at_once", arrived: arrived };
  if (arrived < 0) return { key: crosses ? "swings" : "crawls", arrived: arrived };
  return { key: crosses ? "crosses" : "good", arrived: arrived };
}

function drawn(parent, name, attributes, text) {
  var made = document.createElementNS(SVG, name);
  Object.keys(attributes).forEach(function (key) { made.setAttribute(key, attributes[key]); });
  if (text !== undefined) made.textContent = text;
  parent.appendChild(made);
  return made;
}

// Axes, and a place for lines that ends where they do.
function chart(parent, words, x, y) {
  var svg = drawn(parent, "svg", { viewBox: "0 0 " + WIDE + " " + HIGH, role: "img", "aria-label": words.title, class: "lv-chart" });
  var width = WIDE - LEFT - RIGHT, height = HIGH - TOP - BOTTOM;
  function across(value) { return (value - x.low) / (x.high - x.low) * width; }
  function up(value) { return height - (value - y.low) / (y.high - y.low) * height; }
  x.ticks.forEach(function (tick) {
    drawn(svg, "text", { x: LEFT + across(tick), y: HIGH - BOTTOM + 17, "text-anchor": "middle" }, signed(tick));
  });
  y.ticks.forEach(function (tick) {
    drawn(svg, "path", { d: "M" + LEFT + " " + (TOP + up(tick)) + "h" + width, class: "lv-grid" });
    drawn(svg, "text", { x: LEFT - 7, y: TOP + up(tick) + 4, "text-anchor": "end" }, signed(tick));
  });
  drawn(svg, "text", { x: LEFT + width / 2, y: HIGH - 6, "text-anchor": "middle" }, words.x);
  drawn(svg, "text", { transform: "translate(13 " + (TOP + height / 2) + ") rotate(-90)", "text-anchor": "middle" }, words.y);
  var inside = drawn(svg, "svg", { x: LEFT, y: TOP, width: width, height: height, overflow: "hidden" });
  return {
    inside: inside,
    line: function (points) {
      return "M" + points.map(function (point) { return across(point[0]).toFixed(1) + " " + up(point[1]).toFixed(1); }).join("L");
    },
    dot: function (point, kind, radius) {
      return drawn(inside, "circle", { cx: across(point[0]).toFixed(1), cy: up(point[1]).toFixed(1), r: radius, class: kind });
    }
  };
}

function signed(number) { return String(number).replace("-", "\u2212"); }

// Three digits, as one writes them.
function number(value) {
  if (value >= 1e6 || (value && value < 1e-3)) {
    var parts = value.toExponential(0).split("e");
    return parts[0] + " · 10" + String(Number(parts[1])).split("").map(function (one) {
      return one === "-" ? "\u207b" : "⁰¹²³⁴⁵⁶⁷⁸⁹".charAt(Number(one));
    }).join("");
  }
  return String(Number(value.toPrecision(2)));
}

function mountValley(root, told) {
  var words = told.words, live = element(root, "div", "w-live");
  var rate = slider(live, words.rate, told.range, show), said = element(live, "p", "w-said lv-said");
  var charts = element(live, "div", "lv-charts"), wide = told.wide, high = wide * wide;
  var levels = { low: -0.1, high: high, ticks: [0, 1, 2] };
  var valley = chart(charts, { title: words.valley, x: "w", y: words.loss }, { low: -wide, high: wide, ticks: [-1, 0, 1] }, levels);
  var curve = chart(charts, { title: words.curve, x: words.step, y: words.loss }, { low: -0.3, high: told.steps + 0.3, ticks: [0, 4, 8, 12] }, levels);
  var slope = [];
  for (var w = -wide; w < wide + 0.01; w += wide / 40) slope.push([w, w * w]);
  drawn(valley.inside, "path", { d: valley.line(slope), class: "lv-slope" });
  var paths = [valley, curve].map(function (one) { return drawn(one.inside, "path", { class: "lv-path" }); }), dots = [];

  function show() {
    var chosen = Number(rate.input.value), places = walk(chosen, told.steps, told.start), losses = squares(places);
    var found = verdict(places, told.nearly), last = losses[losses.length - 1];
    var points = [
      places.map(function (place, step) { return [place, losses[step]]; }),
      losses.map(function (loss, step) { return [step, loss]; })
    ];
    dots.forEach(function (dot) { dot.remove(); });
    dots = [];
    [valley, curve].forEach(function (one, which) {
      paths[which].setAttribute("d", one.line(points[which]));
      points[which].forEach(function (point, step) { dots.push(one.dot(point, step ? "lv-dot" : "lv-dot lv-start", step ? 3.5 : 5)); });
    });
    said.textContent = filled(words[found.key], { steps: told.steps, arrived: found.arrived, loss: number(last) });
    rate.value.textContent = chosen.toFixed(2);
    rate.input.setAttribute("aria-valuetext", chosen.toFixed(2) + ". " + said.textContent);
  }

  // For whoever wants to know exactly.
  root.walk = function (chosen) { return walk(chosen, told.steps, told.start); };
  show();
}

// ---- the stencils --------------------------------------------------------------------------------------------------

function mountStencils(root, told) {
  var words = told.words, live = element(root, "div", "w-live"), frames = told.frames.map(eightBits), last = frames.length - 1;
  var size = told.height * told.width, timer = 0;
  var controls = element(live, "div", "ls-controls"), play = element(controls, "button", "ls-play");
  play.type = "button";
  var step = slider(controls, words.step, [0, last, 1, 0], function () { pause(); show(); });
  var said = element(live, "p", "w-said"), grid = element(live, "div", "ls-grid");
  var stencils = told.names.map(function (name) {
    var figure = element(grid, "figure");
    element(figure, "figcaption", "", name);
    return pixelCanvas(figure, "w-pixels", told.width, told.height, filled(words.weights, { name: name }));
  });
  element(live, "p", "w-note", words.colours);

  function show() {
    var at = Number(step.input.value), frame = frames[at];
    stencils.forEach(function (canvas, k) {
      paint(canvas, frame.subarray(k * size, (k + 1) * size), function (level) { return mixed(level / 127); });
    });
    said.textContent = filled(at ? words.seen : words.begun, { step: told.steps[at], right: percent(told.right[at]), images: told.images });
    step.value.textContent = told.steps[at];
    step.input.setAttribute("aria-valuetext", said.textContent);
  }

  function pause() {
    clearTimeout(timer);
    timer = 0;
    play.textContent = words.play;
  }

  function goOn() {
    if (!root.isConnected || Number(step.input.value) >= last) return pause();
    step.input.value = Number(step.input.value) + 1;
    show();
    timer = setTimeout(goOn, pace());
  }

  // Whoever asks for little motion gets pictures one by one.
  function pace() { return window.matchMedia("(prefers-reduced-motion: reduce)").matches ? told.slowly : told.quickly; }

  play.addEventListener("click", function () {
    if (timer) return pause();
    if (Number(step.input.value) >= last) step.input.value = 0;
    show();
    play.textContent = words.pause;
    timer = setTimeout(goOn, pace());
  });

  // For whoever wants to know exactly: the weights that are shown, in shares of the strongest colour.
  root.weights = function () { return Array.from(frames[Number(step.input.value)], function (level) { return level / 127; }); };
  pause();
  show();
}

each("loss-valley", mountValley);
each("stencil-film", mountStencils);
