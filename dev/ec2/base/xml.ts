/** What an answer's XML is made of; an array becomes one `item` an entry, undefined nothing. */
export type Xml = string | number | boolean | undefined | readonly Xml[] | { readonly [name: string]: Xml };

/** @returns the document for an answer of EC2's Query protocol. */
export function responseXml(
  action: string,
  requestID: string,
  body: { readonly [name: string]: Xml },
): string {
  const content = render({ requestId: requestID, ...body });
  return `${DECLARATION}<${action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">${content}</${action}Response>`;
}

export function errorXml(code: string, message: string, requestID: string): string {
  const content = render({ Errors: { Error: { Code: code, Message: message } }, RequestID: requestID });
  return `${DECLARATION}<Response>${content}</Response>`;
}

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

function render(value: Xml): string {
  if (value === undefined) return '';
  if (typeof value !== 'object') return escapeText(String(value));
  if (isList(value)) return value.map((entry) => `<item>${render(entry)}</item>`).join('');
  return Object.entries(value)
    .filter(([, content]) => content !== undefined)
    .map(([name, content]) => `<${name}>${render(content)}</${name}>`)
    .join('');
}

const isList = (value: object): value is readonly Xml[] => Array.isArray(value);

// Carriage returns and other control characters would not survive a parser as they are.
function escapeText(text: string): string {
  return text.replace(/[&<>"\r]/g, (c) => `&#${c.charCodeAt(0)};`);
}
