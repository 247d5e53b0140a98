/** Elements are made from text alone: what a tenant writes is never read as HTML. */
export interface Made {
  class?: string;
  text?: string;
  attributes?: Readonly<Record<string, string>>;
}

/** How many elements were made and texts changed since the page began: what a render costs. */
export const work = { made: 0, changed: 0 };

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  made: Made = {},
  children: readonly Node[] = [],
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  work.made += 1;
  if (made.class) element.className = made.class;
  if (made.text !== undefined) element.textContent = made.text;
  for (const [name, value] of Object.entries(made.attributes ?? {})) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Sets a text, and only where it is another: a screen reader and a selection stay where they are. */
export function setText(element: Element, text: string): void {
  if (element.textContent === text) return;
  element.textContent = text;
  work.changed += 1;
}

export function setClass(element: Element, name: string): void {
  if (element.className !== name) element.className = name;
}

export function byID<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found as T;
}
