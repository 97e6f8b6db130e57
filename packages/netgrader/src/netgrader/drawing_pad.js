/* A pad to draw on, and the answer of the network whose weights stand beside it as data. Nothing is loaded, nothing is sent.
   It runs in feedback pages, allowed by its hash, and in outputs of notebooks. What it computes is what
   graphread.plain_network computes: tests compare them. */
(function () {
"use strict";
var INK = "#1d2024", LONGEST = 280, SAMPLES = 6, STEP = 1e-4;
var LESS = [178, 56, 24], ZERO = [247, 247, 245], MORE = [33, 102, 172]; // as in the pictures of weights and gradients

function element(parent, name, kind, text) {
  var made = document.createElement(name);
  if (kind) made.className = kind;
  if (text) made.textContent = text;
  // On what has the focus itself, since Jupyter matches its shortcuts from there on, in Notebook before any listener of ours.
  if (/^(button|canvas)$/.test(name)) made.setAttribute("data-lm-suppress-shortcuts", "true");
  parent.appendChild(made);
  return made;
}

function clip(z, low, high) { return Math.min(high, Math.max(low, z)); }

// Whole numbers from -127 to 127.
function eightBits(encoded) {
  var text = atob(encoded), numbers = new Int8Array(text.length);
  for (var i = 0; i < text.length; i++) numbers[i] = text.charCodeAt(i);
  return numbers;
}

function pixelCanvas(parent, kind, width, height, words) {
  var canvas = element(parent, "canvas", kind);
  canvas.width = width;
  canvas.height = height;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", words);
  return canvas;
}

function paint(canvas, values, colour) {
  var context = canvas.getContext("2d"), image = context.createImageData(canvas.width, canvas.height);
  for (var i = 0; i < canvas.width * canvas.height; i++) {
    image.data.set(colour(values ? values[i] : 0), 4 * i);
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

// Red below zero, blue above it.
function mixed(share) {
  var end = share < 0 ? LESS : MORE, strength = Math.min(1, Math.abs(share));
  return ZERO.map(function (from, k) { return Math.round(from + (end[k] - from) * strength); });
}

function percent(share) {
  if (share <= 0.0005 || share >= 0.9995) return Math.round(100 * share) + "\u00a0%";
  var one = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
  return (100 * share).toLocaleString(document.documentElement.lang || "en", one) + "\u00a0%";
}

// ---- the network -------------------------------------------------------------------------------------------------

function softplus(z) { return z > 30 ? z : Math.log1p(Math.exp(z)); }
function sigmoid(z) { return 1 / (1 + Math.exp(-z)); }
function elu(z) { return z > 0 ? z : Math.expm1(z); }
function erf(z) { // Abramowitz and Stegun 7.1.26, off by 1.5e-7 at most
  var t = 1 / (1 + 0.3275911 * Math.abs(z));
  var sum = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  return Math.sign(z) * (1 - sum * Math.exp(-z * z));
}
var ACTIVATIONS = {
  "none": function (z) { return z; },
  "relu": function (z) { return Math.max(z, 0); },
  "leaky-relu": function (z, slope) { return z > 0 ? z : slope * z; },
  "sigmoid": sigmoid,
  "tanh": Math.tanh,
  "elu": elu,
  "selu": function (z) { return 1.0507009873554805 * (z > 0 ? z : 1.6732632423543772 * Math.expm1(z)); },
  "softplus": softplus,
  "softsign": function (z) { return z / (1 + Math.abs(z)); },
  "gelu": function (z) { return z * 0.5 * (1 + erf(z / Math.SQRT2)); },
  "gelu-tanh": function (z) { return 0.5 * z * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (z + 0.044715 * z * z * z))); },
  "swish": function (z) { return z * sigmoid(z); },
  "mish": function (z) { return z * Math.tanh(softplus(z)); },
  "relu6": function (z) { return clip(z, 0, 6); },
  "hard-sigmoid": function (z) { return clip(0.2 * z + 0.5, 0, 1); },
  "hard-sigmoid-6": function (z) { return clip(z / 6 + 0.5, 0, 1); },
  "hard-tanh": function (z) { return clip(z, -1, 1); },
  "exponential": Math.exp,
  "square": function (z) { return z * z; },
  "abs": Math.abs,
  "sine": Math.sin,
  "cosine": Math.cos,
  "step": function (z) { return z > 0 ? 1 : 0; },
  "scaled-tanh": function (z) { return 1.7159 * Math.tanh(2 / 3 * z); }
};

function unpacked(layer) {
  return {
    inputs: layer.inputs, outputs: layer.outputs, weights: eightBits(layer.weights), scales: layer.scales, bias: layer.bias,
    activation: layer.activation, slope: layer.slope || 0
  };
}

function sums(layer, x) {
  if (!layer.weights.length) return x;
  var z = new Float64Array(layer.outputs), weights = layer.weights, n = layer.inputs;
  for (var row = 0, at = 0; row < layer.outputs; row++) {
    var a = 0, b = 0, c = 0, d = 0, i = 0; // four sums beside one another: none waits for the one before
    for (; i + 3 < n; i += 4, at += 4) {
      a += weights[at] * x[i];
      b += weights[at + 1] * x[i + 1];
      c += weights[at + 2] * x[i + 2];
      d += weights[at + 3] * x[i + 3];
    }
    for (; i < n; i++) a += weights[at++] * x[i];
    z[row] = (a + b + c + d) * layer.scales[row] + layer.bias[row];
  }
  return z;
}

function softmax(z) {
  var most = Math.max.apply(null, z), powers = Float64Array.from(z, function (one) { return Math.exp(one - most); });
  var total = powers.reduce(function (a, b) { return a + b; }, 0);
  return powers.map(function (one) { return one / total; });
}

function activated(layer, z) {
  if (layer.activation === "softmax") return softmax(z);
  var activation = ACTIVATIONS[layer.activation];
  return Float64Array.from(z, function (one) { return activation(one, layer.slope); });
}

// The sums of each layer, and what they become.
function run(layers, pixels) {
  var passed = [], value = pixels;
  layers.forEach(function (layer) {
    var z = sums(layer, value);
    value = activated(layer, z);
    passed.push({ sums: z, values: value });
  });
  return passed;
}

// How the score of a class changes with each pixel: backwards through the layers.
function gradient(layers, passed, chosen) {
  var slopes = new Float64Array(layers[layers.length - 1].outputs);
  slopes[chosen] = 1;
  for (var index = layers.length - 1; index >= 0; index--) {
    var layer = layers[index];
    // Where scores are probabilities already, what is asked is what became them.
    if (layer.activation !== "softmax" || index < layers.length - 1) slopes = behind(layer, passed[index], slopes);
    if (!layer.weights.length) continue;
    var before = new Float64Array(layer.inputs), weights = layer.weights, n = layer.inputs;
    for (var row = 0; row < layer.outputs; row++) {
      var slope = slopes[row] * layer.scales[row];
      if (slope) for (var i = 0, at = row * n; i < n; i++) before[i] += slope * weights[at + i];
    }
    slopes = before;
  }
  return slopes;
}

function behind(layer, passed, slopes) {
  if (layer.activation === "none") return slopes;
  if (layer.activation === "softmax") {
    var all = slopes.reduce(function (sum, slope, k) { return sum + slope * passed.values[k]; }, 0);
    return slopes.map(function (slope, k) { return passed.values[k] * (slope - all); });
  }
  var activation = ACTIVATIONS[layer.activation];
  return slopes.map(function (slope, k) {
    var z = passed.sums[k];
    return slope && slope * (activation(z + STEP, layer.slope) - activation(z - STEP, layer.slope)) / (2 * STEP);
  });
}

function probabilities(layers, passed) {
  var last = passed[passed.length - 1].values;
  return layers[layers.length - 1].activation === "softmax" ? last : softmax(last);
}

// ---- from a drawing to an image of the course's ------------------------------------------------------------------

// Ink from 0 to 1 is cut out, made as large as the course's images are, and moved until its mass lies where theirs does.
function framed(ink, across, down, frame) {
  var left = across, right = -1, top = down, bottom = -1, mass = 0, x = 0, y = 0;
  for (var row = 0, at = 0; row < down; row++) {
    for (var column = 0; column < across; column++, at++) {
      if (!ink[at]) continue;
      left = Math.min(left, column); right = Math.max(right, column);
      top = Math.min(top, row); bottom = Math.max(bottom, row);
      mass += ink[at]; x += ink[at] * (column + 0.5); y += ink[at] * (row + 0.5);
    }
  }
  if (!mass) return null;
  var scale = Math.min(frame.box[0] / (bottom + 1 - top), frame.box[1] / (right + 1 - left));
  var dx = inside(frame.centre[1] - x / mass * scale, left * scale, (right + 1) * scale, frame.width);
  var dy = inside(frame.centre[0] - y / mass * scale, top * scale, (bottom + 1) * scale, frame.height);
  var pixels = new Float64Array(frame.height * frame.width);
  for (row = 0, at = 0; row < frame.height; row++) {
    for (column = 0; column < frame.width; column++, at++) {
      var sum = 0;
      for (var j = 0; j < SAMPLES; j++) {
        var source = Math.floor((row + (j + 0.5) / SAMPLES - dy) / scale);
        if (source < 0 || source >= down) continue;
        for (var i = 0; i < SAMPLES; i++) {
          var place = Math.floor((column + (i + 0.5) / SAMPLES - dx) / scale);
          if (place >= 0 && place < across) sum += ink[source * across + place];
        }
      }
      pixels[at] = sum / (SAMPLES * SAMPLES);
    }
  }
  return pixels;
}

function inside(shift, first, last, size) {
  return Math.max(Math.min(shift, size - last), -first);
}

// ---- the pad -----------------------------------------------------------------------------------------------------

function picture(parent, frame, words) {
  var figure = element(parent, "figure", "dp-picture");
  return {
    canvas: pixelCanvas(figure, "w-pixels dp-pixels", frame.width, frame.height, words),
    caption: element(figure, "figcaption", "", words)
  };
}

function grey(value) {
  var level = Math.round(255 * (1 - value));
  return [level, level, level];
}

function mount(root, told) {
  var frame = told.frame, words = told.words, names = told.names, layers = told.layers.map(unpacked);

  var left = element(root, "div", "dp-left"), sheet = element(left, "div", "dp-sheet");
  var canvas = element(sheet, "canvas", "dp-canvas"), pen = element(sheet, "span", "dp-pen");
  var size = LONGEST / Math.max(frame.width, frame.height);
  canvas.width = Math.round(size * frame.width);
  canvas.height = Math.round(size * frame.height);
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-label", words.paper);
  var clear = element(left, "button", "dp-clear", words.clear);
  clear.type = "button";
  element(left, "p", "w-note", words.help);
  var middle = element(root, "div", "dp-middle");
  var seen = picture(middle, frame, words.seen), spoken = picture(middle, frame, words.ink_nothing);
  var right = element(root, "div", "dp-right"), said = element(right, "p", "w-said dp-said", words.empty);
  said.setAttribute("role", "status");
  var bars = element(right, "div", "dp-bars");
  bars.setAttribute("role", "group");
  bars.setAttribute("aria-label", words.bars);
  var rows = names.map(function (name, k) {
    var button = element(bars, "button", "", name);
    button.type = "button";
    button.title = words.choose.replace("{name}", name);
    button.addEventListener("click", function () { chosen = chosen === k ? -1 : k; answer(true); });
    return { button: button, name: name, bar: element(element(bars, "span"), "span", "dp-bar"), share: element(bars, "span", "dp-share") };
  });
  element(root, "p", "w-note dp-exact", words.exact);

  var context = canvas.getContext("2d", { willReadFrequently: true }), chosen = -1, asked = false;
  var at = { x: canvas.width / 2, y: canvas.height / 2 }, down = false, last = null, ink = null;
  context.strokeStyle = INK;
  context.lineCap = context.lineJoin = "round";

  function answer(aloud) {
    asked = false;
    var data = context.getImageData(0, 0, canvas.width, canvas.height).data;
    ink = ink || new Float64Array(canvas.width * canvas.height);
    for (var i = 0; i < ink.length; i++) ink[i] = data[4 * i + 3] / 255;
    var pixels = framed(ink, canvas.width, canvas.height, frame);
    paint(seen.canvas, pixels, grey);
    if (!pixels) {
      rows.forEach(function (row) { show(row, 0, "–", false); });
      paint(spoken.canvas, null, mixed);
      said.textContent = words.empty;
      spoken.caption.textContent = words.ink_nothing;
      return;
    }
    var passed = run(layers, pixels), shares = probabilities(layers, passed);
    var order = names.map(function (_, k) { return k; }).sort(function (a, b) { return shares[b] - shares[a]; });
    var about = chosen < 0 ? order[0] : chosen, slopes = gradient(layers, passed, about);
    var speaks = slopes.map(function (slope, k) { return slope * pixels[k]; });
    var most = speaks.reduce(function (a, b) { return Math.max(a, Math.abs(b)); }, 0) || 1;
    paint(spoken.canvas, speaks.map(function (one) { return one / most; }), mixed);
    spoken.caption.textContent = words.ink.replace("{name}", names[about]);
    spoken.canvas.setAttribute("aria-label", spoken.caption.textContent);
    rows.forEach(function (row, k) { show(row, shares[k], percent(shares[k]), k === order[0], k === chosen); });
    var text = words.answer.replace("{name}", names[order[0]]).replace("{share}", percent(shares[order[0]]));
    if (shares[order[1]] > 0.0005) text += " " + words.next.replace("{name}", names[order[1]]).replace("{share}", percent(shares[order[1]]));
    // A screen reader is told when a stroke has ended; the eye can follow.
    said.setAttribute("aria-live", aloud ? "polite" : "off");
    said.textContent = text;
  }

  function show(row, share, text, first, held) {
    row.bar.style.width = 100 * share + "%";
    row.share.textContent = text;
    row.button.className = first ? "dp-first" : "";
    row.button.setAttribute("aria-label", row.name + ": " + text);
    row.button.setAttribute("aria-pressed", held ? "true" : "false");
  }

  function soon() {
    if (!asked) {
      asked = true;
      requestAnimationFrame(function () { if (asked) answer(false); });
    }
  }

  function line(from, to, pressure) {
    context.lineWidth = canvas.width * 0.085 * (pressure || 1);
    context.beginPath();
    context.moveTo(from.x, from.y);
    context.lineTo(to.x, to.y);
    context.stroke();
    at = to;
    soon();
  }

  function placed(event) {
    var box = canvas.getBoundingClientRect();
    return {
      x: (event.clientX - box.left) * canvas.width / box.width, y: (event.clientY - box.top) * canvas.height / box.height
    };
  }

  function pressure(event) { return event.pointerType === "pen" && event.pressure ? 0.6 + 0.8 * event.pressure : 1; }

  canvas.addEventListener("pointerdown", function (event) {
    if (event.button) return;
    event.preventDefault();
    canvas.focus({ preventScroll: true });
    try { canvas.setPointerCapture(event.pointerId); } catch (gone) { /* a pointer that has left draws all the same */ }
    sheet.classList.remove("dp-keys");
    last = placed(event);
    line(last, last, pressure(event));
  });
  canvas.addEventListener("pointermove", function (event) {
    if (!last) return;
    var events = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
    (events.length ? events : [event]).forEach(function (one) {
      var to = placed(one);
      line(last, to, pressure(one));
      last = to;
    });
  });
  ["pointerup", "pointercancel"].forEach(function (kind) {
    canvas.addEventListener(kind, function () { if (last) { last = null; answer(true); } });
  });

  var MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  function cursor() {
    pen.style.left = 100 * at.x / canvas.width + "%";
    pen.style.top = 100 * at.y / canvas.height + "%";
    sheet.classList.add("dp-keys");
    sheet.classList.toggle("dp-down", down);
  }
  canvas.addEventListener("keydown", function (event) {
    var move = MOVES[event.key];
    if (event.ctrlKey || event.altKey || event.metaKey || !(move || event.key === " ")) return;
    event.preventDefault();
    if (!move) {
      down = !down;
      if (down) line(at, at);
      answer(false);
      said.setAttribute("aria-live", "polite");
      said.textContent = (down ? words.down : words.up) + " " + said.textContent;
    } else {
      var to = { x: clip(at.x + move[0] * size, 0, canvas.width), y: clip(at.y + move[1] * size, 0, canvas.height) };
      if (down) line(at, to); else at = to;
    }
    cursor();
  });
  canvas.addEventListener("blur", function () { down = false; sheet.classList.remove("dp-keys", "dp-down"); });
  clear.addEventListener("click", function () {
    context.clearRect(0, 0, canvas.width, canvas.height);
    down = false;
    chosen = -1;
    at = { x: canvas.width / 2, y: canvas.height / 2 };
    answer(true);
  });

  // For whoever wants to know exactly: what comes out for given pixels, between 0 and 1.
  root.network = {
    scores: function (pixels) { var passed = run(layers, pixels); return Array.from(passed[passed.length - 1].values); },
    gradient: function (pixels, k) { return Array.from(gradient(layers, run(layers, pixels), k)); },
    framed: function (ink, across, down) { return Array.from(framed(ink, across, down, frame)); }
  };
  answer(false);
}

// Mount each pad once: a notebook has a script for each output. The fallback goes when all of the pad is made.
Array.prototype.forEach.call(document.querySelectorAll(".draw-pad:not([data-ready])"), function (root) {
  root.setAttribute("data-ready", "");
  mount(root, JSON.parse(root.querySelector("script").textContent));
  root.addEventListener("keydown", function (event) { // a notebook would take the focus back at any key
    if (!/^(Tab|Escape)$/.test(event.key)) event.stopPropagation();
  });
  root.setAttribute("data-ready", "yes");
});
}());
