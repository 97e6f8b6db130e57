/* What the widgets share; netgrader.widget puts it before a widget's own script, in one function. Nothing is loaded, nothing is sent. */
var LESS = [178, 56, 24], ZERO = [247, 247, 245], MORE = [33, 102, 172]; // as in the pictures of weights and gradients

function element(parent, name, kind, text) {
  var made = document.createElement(name);
  if (kind) made.className = kind;
  if (text) made.textContent = text;
  // On what has the focus itself, since Jupyter matches its shortcuts from there on, in Notebook before any listener of ours.
  if (/^(button|canvas|input)$/.test(name)) made.setAttribute("data-lm-suppress-shortcuts", "true");
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

// Each one of a kind once: a notebook has a script for each output. What stands there without it goes when all of it is made.
function each(kind, mount) {
  Array.prototype.forEach.call(document.querySelectorAll("." + kind + ":not([data-ready])"), function (root) {
    root.setAttribute("data-ready", "");
    mount(root, JSON.parse(root.querySelector("script").textContent));
    root.addEventListener("keydown", function (event) { // a notebook would take the focus back at any key
      if (!/^(Tab|Escape)$/.test(event.key)) event.stopPropagation();
    });
    root.setAttribute("data-ready", "yes");
  });
}
