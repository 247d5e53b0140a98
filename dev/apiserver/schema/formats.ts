import { isIP, isIPv4, isIPv6 } from 'node:net';

const dateTime = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d([.,]\d+)?([Zz]|[+-]\d\d:\d\d)$/;
const date = /^\d{4}-\d\d-\d\d$/;
const duration = /^[+-]?((\d+(\.\d*)?|\.\d+)\s*(ns|us|µs|ms|s|m|h|d|w))+$/;
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const hostname = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;
const email = /^[^\s@]+@[^\s@]+$/;

function isCidr(text: string): boolean {
  const [address = '', bits = '', ...rest] = text.split('/');
  const family = isIP(address);
  return (
    rest.length === 0 && family !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128)
  );
}

/** The formats that the API server checks (apiextensions-apiserver, validation/formats.go); others mean nothing to it. */
export const formats: ReadonlyMap<string, (text: string) => boolean> = new Map([
  ['date-time', (text) => dateTime.test(text) && !Number.isNaN(Date.parse(text.replace(',', '.')))],
  ['datetime', (text) => dateTime.test(text) && !Number.isNaN(Date.parse(text.replace(',', '.')))],
  ['date', (text) => date.test(text) && !Number.isNaN(Date.parse(text))],
  ['duration', (text) => duration.test(text)],
  ['byte', (text) => base64.test(text)],
  ['uuid', (text) => uuid.test(text)],
  ['hostname', (text) => hostname.test(text)],
  ['email', (text) => email.test(text)],
  ['ipv4', isIPv4],
  ['ipv6', isIPv6],
  ['cidr', isCidr],
  ['uri', (text) => URL.canParse(text)],
]);
