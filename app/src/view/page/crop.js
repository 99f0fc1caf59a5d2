// Cutting a square out of a picture before it is sent. Without this script the server takes the middle.
const form = document.querySelector("form.crop");
const place = form.querySelector(".crop-place");
const canvas = form.querySelector("canvas");
const slider = (name) => form.querySelector(`[data-crop=${name}]`);
// What the sliders show, unrounded.
const at = { zoom: 1, x: 50, y: 50 };
let bitmap;

// How many of the picture's pixels are cut out, each way.
const side = () => Math.max(1, Math.round(Math.min(bitmap.width, bitmap.height) / at.zoom));

function draw() {
  const size = side();
  const x = Math.round(((bitmap.width - size) * at.x) / 100);
  const y = Math.round(((bitmap.height - size) * at.y) / 100);
  form.elements.x.value = x;
  form.elements.y.value = y;
  form.elements.size.value = size;
  const context = canvas.getContext("2d");
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, x, y, size, size, 0, 0, canvas.width, canvas.height);
}

function set(name, value) {
  const { min, max } = slider(name);
  at[name] = Math.min(Math.max(value, Number(min)), Number(max));
  slider(name).value = at[name];
}

form.elements.picture.addEventListener("change", async (event) => {
  const [file] = event.target.files;
  bitmap = file && (await createImageBitmap(file).catch(() => undefined));
  place.hidden = !bitmap;
  for (const name of ["x", "y", "size"]) form.elements[name].value = "";
  if (bitmap) draw();
});
form.addEventListener("input", (event) => {
  const name = event.target.dataset.crop;
  if (!bitmap || !name) return;
  at[name] = Number(event.target.value);
  draw();
});

// The picture follows the finger or the mouse, and the wheel comes nearer. The sliders do the same by keyboard.
let held;
const pull = (name, moved, room) => {
  if (room > 0) set(name, at[name] - (moved * side() * 100) / (canvas.clientWidth * room));
};
canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  held = { id: event.pointerId, x: event.clientX, y: event.clientY };
});
canvas.addEventListener("pointermove", (event) => {
  if (!bitmap || held?.id !== event.pointerId || !canvas.hasPointerCapture(event.pointerId)) return;
  pull("x", event.clientX - held.x, bitmap.width - side());
  pull("y", event.clientY - held.y, bitmap.height - side());
  [held.x, held.y] = [event.clientX, event.clientY];
  draw();
});
canvas.addEventListener(
  "wheel",
  (event) => {
    if (!bitmap) return;
    event.preventDefault();
    set("zoom", at.zoom * Math.exp(-event.deltaY / 500));
    draw();
  },
  { passive: false },
);
