import { make, setClass, setText } from './dom.ts';

/** A cell: its text, and how it looks. */
export interface Cell {
  text: string;
  class?: string;
  /** Where a click leads, within the page. */
  href?: string;
}

export interface Column {
  title: string;
  isNumber?: boolean;
}

export interface Table {
  /** Shows these rows, by key, in this order; touches only the cells that changed. */
  show(rows: readonly { key: string; cells: readonly Cell[] }[]): void;
}

/** @param caption for people who don't see it */
export function createTable(
  place: HTMLElement,
  caption: string,
  columns: readonly Column[],
  empty: string,
): Table {
  const body = make('tbody');
  const heads = columns.map(({ title, isNumber }) =>
    make('th', { text: title, ...(isNumber && { class: 'number' }), attributes: { scope: 'col' } }),
  );
  const table = make('table', { attributes: { 'aria-label': caption } }, [
    make('thead', {}, [make('tr', {}, heads)]),
    body,
  ]);
  const nothing = make('p', { class: 'soft', text: empty });
  const lines = new Map<string, HTMLTableRowElement>();
  place.replaceChildren(nothing);

  function fill(element: Element, cell: Cell, isNumber: boolean | undefined): void {
    setClass(element, [cell.class, isNumber ? 'number' : ''].filter(Boolean).join(' '));
    if (cell.href === undefined) setText(element, cell.text);
    else fillLink(element, cell.text, cell.href);
  }

  function fillLink(element: Element, text: string, href: string): void {
    const link = element.querySelector('a') ?? element.appendChild(make('a'));
    setText(link, text);
    if (link.getAttribute('href') !== href) link.setAttribute('href', href);
  }

  function lineFor(key: string): HTMLTableRowElement {
    const known = lines.get(key);
    if (known) return known;
    const line = make(
      'tr',
      {},
      columns.map(() => make('td')),
    );
    lines.set(key, line);
    return line;
  }

  return {
    show(rows) {
      const keys = new Set(rows.map(({ key }) => key));
      for (const [key, line] of lines) {
        if (keys.has(key)) continue;
        line.remove();
        lines.delete(key);
      }
      let place_: ChildNode | null = body.firstChild;
      for (const { key, cells } of rows) {
        const line = lineFor(key);
        for (const [at, cell] of cells.entries())
          fill(line.children[at] as Element, cell, columns[at]?.isNumber);
        if (line === place_) place_ = line.nextSibling;
        else body.insertBefore(line, place_);
      }
      const shown = rows.length > 0 ? table : nothing;
      if (place.firstChild !== shown) place.replaceChildren(shown);
    },
  };
}
