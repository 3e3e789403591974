// Which area lies where on a drawing, also on one that is not shown: from the same paths that are drawn. Pure but for
// reading the page's drawings once.

export class Regions {
  #paths = new Map(); // diagram: [{area, side, blocked, path, box}], in the order of the drawing
  #canvas = document.createElement("canvas").getContext("2d");

  constructor(sheets) {
    for (const [key, sheet] of sheets) {
      if (isPhoto(key)) continue;
      const { width, height } = sheet.querySelector(".diagram").viewBox.baseVal;
      const regions = [...sheet.querySelectorAll(".region")];
      this.#paths.set(key, { width, height, regions: regions.map((path) => ({ ...regionOf(path), path: new Path2D(path.getAttribute("d")) })) });
    }
  }

  // The area at a place given as fractions of the drawing: {area, side, blocked, diagram, x, y}, or null.
  at(diagram, x, y) {
    const { width, height, regions } = this.#paths.get(diagram);
    const found = regions.findLast(({ path }) => this.#canvas.isPointInPath(path, x * width, y * height));
    if (!found) return null;
    const { path: _path, ...region } = found;
    return { ...region, diagram, x: fraction(x), y: fraction(y) };
  }

  sizeOf(diagram) {
    const { width, height } = this.#paths.get(diagram);
    return { width, height };
  }
}

// Whether points lie on a photo, which has no regions.
export const isPhoto = (diagram) => Boolean(diagram?.startsWith("photo_"));

export function regionOf(path) {
  return { area: path.dataset.area, side: path.dataset.side, blocked: path.classList.contains("blocked") };
}

export const fraction = (value) => Math.round(Math.min(1, Math.max(0, value)) * 10000) / 10000;
