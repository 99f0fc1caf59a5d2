// Cutting a square out of a picture before it is sent. Without this script the server takes the middle.
const form = document.querySelector("form.crop");
const place = form.querySelector(".crop-place");
const canvas = form.querySelector("canvas");
const slider = (name) => form.querySelector(`[data-crop=${name}]`);
const range = (name) => Number(slider(name).value);
let bitmap;

// How many of the picture's pixels are cut out, each way.
const side = () => Math.max(1, Math.round(Math.min(bitmap.width, bitmap.height) / range("zoom")));

function draw() {
  const size = side();
  const x = Math.round(((bitmap.width - size) * range("x")) / 100);
  const y = Math.round(((bitmap.height - size) * range("y")) / 100);
  form.elements.x.value = x;
  form.elements.y.value = y;
  form.elements.size.value = size;
  const context = canvas.getContext("2d");
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, x, y, size, size, 0, 0, canvas.width, canvas.height);
}

form.elements.picture.addEventListener("change", async (event) => {
  const [file] = event.target.files;
  bitmap = file && (await createImageBitmap(file).catch(() => undefined));
  place.hidden = !bitmap;
  for (const name of ["x", "y", "size"]) form.elements[name].value = "";
  if (bitmap) draw();
});
form.addEventListener("input", (event) => {
  if (bitmap && event.target.dataset.crop) draw();
});

// The picture follows the finger or the mouse, and the wheel comes nearer. The sliders do the same by keyboard.
const move = (name, moved, room) => {
  if (room > 0) slider(name).value = range(name) - (moved * side() * 100) / (canvas.clientWidth * room);
};
canvas.addEventListener("pointerdown", (event) => canvas.setPointerCapture(event.pointerId));
canvas.addEventListener("pointermove", (event) => {
  if (!bitmap || !canvas.hasPointerCapture(event.pointerId)) return;
  move("x", event.movementX, bitmap.width - side());
  move("y", event.movementY, bitmap.height - side());
  draw();
});
canvas.addEventListener(
  "wheel",
  (event) => {
    if (!bitmap) return;
    event.preventDefault();
    slider("zoom").value = range("zoom") * Math.exp(-event.deltaY / 500);
    draw();
  },
  { passive: false },
);
