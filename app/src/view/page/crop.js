// Cutting a square out of a picture before it is sent. Without this script the server takes the middle.
const form = document.querySelector("form.crop");
const place = form.querySelector(".crop-place");
const canvas = form.querySelector("canvas");
const range = (name) => Number(form.querySelector(`[data-crop=${name}]`).value);
let bitmap;

function draw() {
  const size = Math.max(1, Math.round(Math.min(bitmap.width, bitmap.height) / range("zoom")));
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
