import { decodeReferences, withLineEnds } from './xmlText.ts';

/** An element that is read, and its handler. Children that it does not list are skipped. */
export interface Element<T> {
  readonly name: string;
  /** By keyOf their names. */
  readonly children?: ReadonlyMap<number, readonly Element<T>[]>;
  begin?(into: T): void;
  /** Its text, once it is over; without that of elements in it. */
  text?(into: T, text: string): void;
  end?(into: T): void;
}

export interface XmlReader {
  /** Takes the next characters; a document may be cut anywhere. @throws XmlError */
  write(chunk: string): void;
  /** @throws XmlError when the document is not whole */
  end(): void;
}

/** The input is no whole document. */
export class XmlError extends Error {
  override readonly name = 'XmlError';
}

const [SPACE, EXCLAMATION, SLASH, GREATER, QUESTION] = [0x20, 0x21, 0x2f, 0x3e, 0x3f];
const COMMENT = '<!--';
const CDATA = '<![CDATA[';
const TAG_END = />|"[^"]*"|'[^']*'/g;

/** Of few names in one place two have the same. */
function keyOf(length: number, first: number): number {
  return length * 65_536 + first;
}

export function element<T>(
  name: string,
  children: readonly Element<T>[],
  more: Omit<Element<T>, 'name' | 'children'> = {},
): Element<T> {
  const byKey = new Map<number, Element<T>[]>();
  for (const child of children) {
    const key = keyOf(child.name.length, child.name.charCodeAt(0));
    byKey.set(key, [...(byKey.get(key) ?? []), child]);
  }
  return { name, children: byKey, ...more };
}

export function leaf<T>(name: string, text: NonNullable<Element<T>['text']>): Element<T> {
  return { name, text };
}

function endsName(code: number): boolean {
  return code === GREATER || code === SLASH || code <= SPACE;
}

/** Text that shows nothing but the document's own layout is none, as the AWS SDK reads it. */
function withoutLayout(text: string): string {
  return text.includes('\n') && text.trim() === '' ? '' : text;
}

/**
 * Reads XML as it comes in, by a description of what is of interest, and makes no tree: a page of DescribeInstances has 4.7 MB, of
 * which a decision needs a tenth. It takes what the AWS SDK's parser takes; instancePage.test.ts holds it to that. (saxes and
 * htmlparser2, measured on such a page, take three to four times as long for the tokens alone.)
 */
export function createXmlReader<T>(root: Element<T>, into: T): XmlReader {
  /** The elements that are open, and what is known of their text. */
  const open: Element<T>[] = [];
  const texts: string[] = [];
  let rest = '';
  let isOver = false;

  /** Where what begins at `from` ends, behind that mark; -1 while that is still to come. */
  function after(text: string, mark: string, from: number): number {
    const at = text.indexOf(mark, from);
    return at < 0 ? -1 : at + mark.length;
  }

  function childAt(text: string, from: number, to: number): Element<T> | undefined {
    const parent = open.at(-1);
    if (!parent) return text.slice(from, to) === root.name ? root : undefined;
    const length = to - from;
    for (const child of parent.children?.get(keyOf(length, text.charCodeAt(from))) ?? []) {
      if (text.startsWith(child.name, from)) return child;
    }
    return undefined;
  }

  /** Where the closing tag at `at` ends, if it is that of the name from `from` to `to`; else -1. */
  function closingOf(text: string, at: number, from: number, to: number): number {
    if (text.charCodeAt(at + 1) !== SLASH) return -1;
    const length = to - from;
    for (let index = 0; index < length; index += 1) {
      if (text.charCodeAt(at + 2 + index) !== text.charCodeAt(from + index)) return -1;
    }
    return text.charCodeAt(at + 2 + length) === GREATER ? at + 3 + length : -1;
  }

  function closed(): void {
    const it = open.pop();
    const text = texts.pop() ?? '';
    it?.text?.(into, withoutLayout(text));
    it?.end?.(into);
    isOver = open.length === 0;
  }

  function closingTag(text: string, at: number): number {
    const it = open.at(-1);
    if (!it) throw new XmlError('a tag closes what was not opened');
    const end = text.indexOf('>', at);
    if (end < 0) return -1;
    if (text.slice(at + 2, end).trim() !== it.name) {
      throw new XmlError(`<${it.name}> is not closed by its own tag`);
    }
    closed();
    return end + 1;
  }

  /**
   * Where an element that is passed over ends, given its name and the end of its opening tag; -1 when that takes a look at each
   * tag in it, or is still to come.
   */
  function passedBy(text: string, nameAt: number, nameEnd: number, from: number): number {
    const next = text.indexOf('<', from);
    if (next < 0) return -1;
    const end = closingOf(text, next, nameAt, nameEnd);
    if (end >= 0) return end;
    const name = text.slice(nameAt, nameEnd);
    const to = text.indexOf(`</${name}>`, from);
    if (to < 0) return -1;
    const inside = text.slice(from, to);
    const isPlain = !inside.includes(`<${name}`) && !inside.includes('<!') && !inside.includes('<?');
    return isPlain ? to + name.length + 3 : -1;
  }

  /** An element with a text alone, which most are: where it ends, or -1 when it is something else or not all there. */
  function readText(text: string, it: Element<T>, nameAt: number, nameEnd: number, from: number): number {
    const next = text.indexOf('<', from);
    const end = next < 0 ? -1 : closingOf(text, next, nameAt, nameEnd);
    if (end < 0) return -1;
    it.begin?.(into);
    it.text?.(into, withoutLayout(decodeReferences(withLineEnds(text.slice(from, next)))));
    it.end?.(into);
    return end;
  }

  function openingTag(text: string, at: number): number {
    let end = text.indexOf('>', at);
    if (end < 0) return -1;
    const nameAt = at + 1;
    let nameEnd = nameAt;
    while (!endsName(text.charCodeAt(nameEnd))) nameEnd += 1;
    if (nameEnd === nameAt) throw new XmlError('a tag has no name');
    if (nameEnd < end) {
      TAG_END.lastIndex = nameEnd;
      let found = TAG_END.exec(text);
      while (found && found[0] !== '>') found = TAG_END.exec(text);
      if (!found) return -1;
      end = found.index;
    }
    const isEmpty = text.charCodeAt(end - 1) === SLASH;
    const it = childAt(text, nameAt, nameEnd);
    if (open.length > 0 && !isEmpty) {
      const to = it
        ? it.text
          ? readText(text, it, nameAt, nameEnd, end + 1)
          : -1
        : passedBy(text, nameAt, nameEnd, end + 1);
      if (to >= 0) return to;
    }
    it?.begin?.(into);
    open.push(it ?? { name: text.slice(nameAt, nameEnd) });
    texts.push('');
    if (isEmpty) closed();
    return end + 1;
  }

  function declaration(text: string, at: number): number {
    const begun = text.slice(at, at + CDATA.length);
    if (begun.startsWith(COMMENT)) return after(text, '-->', at + COMMENT.length);
    if (begun === CDATA) {
      const end = after(text, ']]>', at + CDATA.length);
      if (end > 0) add(withLineEnds(text.slice(at + CDATA.length, end - 3)));
      return end;
    }
    if (COMMENT.startsWith(begun) || CDATA.startsWith(begun)) return -1;
    // A type declaration, which EC2 sends none of.
    throw new XmlError('a declaration stands in the document');
  }

  function add(part: string): void {
    if (open.length === 0) throw new XmlError('text stands outside of the document');
    if (open.at(-1)?.text) texts.push((texts.pop() ?? '') + part);
  }

  /** Takes what begins at `<`; returns where it ends, or -1 when it is not all there. */
  function markup(text: string, at: number): number {
    const second = text.charCodeAt(at + 1);
    if (Number.isNaN(second)) return -1;
    if (second === SLASH) return closingTag(text, at);
    if (second === EXCLAMATION) return declaration(text, at);
    if (second === QUESTION) return after(text, '?>', at + 2);
    return openingTag(text, at);
  }

  function between(text: string, from: number, to: number): void {
    if (from === to) return;
    if (open.length === 0) {
      if (text.slice(from, to).trim() !== '') add('');
    } else if (open.at(-1)?.text) add(decodeReferences(withLineEnds(text.slice(from, to))));
  }

  return {
    write(chunk) {
      const text = rest === '' ? chunk : rest + chunk;
      let from = 0;
      while (!isOver) {
        const at = text.indexOf('<', from);
        if (at < 0) break;
        between(text, from, at);
        from = at;
        const end = markup(text, at);
        if (end < 0) break;
        from = end;
      }
      rest = isOver ? '' : text.slice(from);
    },
    end() {
      if (!isOver) throw new XmlError('the document ends before its last tag');
    },
  };
}
