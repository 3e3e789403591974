// A grid of points inside an outline. Pure geometry: millimetres in, fractions of the drawing out.

// Points `spacing` mm apart in rows and columns around the outline's middle; `outline` holds [x, y] fractions of a
// drawing that shows about `width` by `height` mm.
export function gridIn(outline, spacing, { width, height }) {
  const corners = outline.map(([x, y]) => [x * width, y * height]);
  const [left, right] = ends(corners.map(([x]) => x));
  const [top, bottom] = ends(corners.map(([, y]) => y));
  const points = [];
  for (const y of steps(top, bottom, spacing)) {
    for (const x of steps(left, right, spacing)) if (isInside([x, y], corners)) points.push([x / width, y / height]);
  }
  return points;
}

// How many points a grid would have at most, without laying it.
export function gridLimit(outline, spacing, { width, height }) {
  const [left, right] = ends(outline.map(([x]) => x * width));
  const [top, bottom] = ends(outline.map(([, y]) => y * height));
  return (1 + (right - left) / spacing) * (1 + (bottom - top) / spacing);
}

// By the even-odd rule, as a finger's line may cross itself.
export function isInside([x, y], corners) {
  let inside = false;
  for (let n = 0, before = corners.length - 1; n < corners.length; before = n, n += 1) {
    const [[ax, ay], [bx, by]] = [corners[n], corners[before]];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}

const ends = (values) => [Math.min(...values), Math.max(...values)];

// Places between two ends, `spacing` apart, as far from the one end as from the other.
function steps(from, to, spacing) {
  const count = Math.floor((to - from) / spacing + 1e-9);
  const first = from + (to - from - count * spacing) / 2;
  return Array.from({ length: count + 1 }, (_value, n) => first + n * spacing);
}
