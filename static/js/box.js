// Marks a box on a picture by dragging, in per cent, and writes it into the form's fields; typing moves the box.
(() => {
  const area = document.querySelector("[data-box]");
  if (!area) return;
  const rect = area.querySelector("rect");
  const picture = area.querySelector("img");
  const field = (name) => document.querySelector(`[name=box_${name}]`);
  const sides = { x: "left", y: "top", width: "width", height: "height" };
  let start = null;

  const point = (event) => {
    const frame = area.getBoundingClientRect();
    const share = (value, size) => Math.min(100, Math.max(0, (100 * value) / size));
    return [share(event.clientX - frame.left, frame.width), share(event.clientY - frame.top, frame.height)];
  };
  const draw = (box) => {
    for (const [attribute, name] of Object.entries(sides)) {
      rect.setAttribute(attribute, box[attribute]);
      field(name).value = box[attribute].toFixed(2);
    }
  };
  area.addEventListener("pointerdown", (event) => {
    start = point(event);
    area.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  area.addEventListener("pointermove", (event) => {
    if (!start) return;
    const [x, y] = point(event);
    draw({
      x: Math.min(x, start[0]),
      y: Math.min(y, start[1]),
      width: Math.abs(x - start[0]),
      height: Math.abs(y - start[1]),
    });
  });
  area.addEventListener("pointerup", () => { start = null; });
  for (const [attribute, name] of Object.entries(sides)) {
    field(name).addEventListener("input", (event) => {
      const value = Number(event.target.value);
      if (event.target.value !== "" && value >= 0 && value <= 100) rect.setAttribute(attribute, value);
    });
  }
  field("page").addEventListener("change", (event) => {
    picture.src = `${area.dataset.preview}?page=${encodeURIComponent(event.target.value)}`;
  });
})();
