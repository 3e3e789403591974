// What every part of the charting page needs to draw: elements, places in a template, words with values in them.

export const fill = (text, values) => text.replace(/%\((\w+)\)s/g, (_match, name) => values[name]);
export const part = (root, name) => root.querySelector(`[data-part="${name}"]`);

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

// act(event, found) for events on what `selector` finds in `root`, also on what is put there later.
export function on(root, type, selector, act) {
  root.addEventListener(type, (event) => {
    const found = event.target.closest(selector);
    if (found && root.contains(found)) act(event, found);
  });
}
