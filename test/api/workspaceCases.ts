import type { JsonObject } from '../../dev/apiserver/values/kinds.ts';

export const many = <T>(length: number, make: (index: number) => T) =>
  Array.from({ length }, (_, index) => make(index));

/** Specs that any API server must take, changed from the least one. */
export const acceptedWorkspaces: [string, JsonObject][] = [
  ['with nothing but its class', {}],
  ['with a Secret', { envFrom: [{ secretRef: { name: 'ada-env' } }] }],
  ['with an optional Secret', { envFrom: [{ secretRef: { name: 'ada-env', optional: true } }] }],
  ['with the same Secret twice', { envFrom: many(2, () => ({ secretRef: { name: 'ada-env' } })) }],
  ['with as many Secrets as there may be', { envFrom: many(32, (i) => ({ secretRef: { name: `s${i}` } })) }],
  ['with plain environment', { env: [{ name: 'EDITOR', value: 'vim' }] }],
  ['with a variable without a value', { env: [{ name: '_EMPTY' }] }],
  [
    'with as much plain environment as there may be',
    { env: many(4, (i) => ({ name: `V${i}`, value: 'é'.repeat(32_766) })) },
  ],
  ['stopped', { operatingMode: 'Stopped' }],
  ['with a type', { instanceType: 'm7i-flex.2xlarge' }],
  ['of metal', { instanceType: 'u-12tb1.112xlarge' }],
  ['paused', { paused: true }],
  ['with a restart asked for', { requests: { restart: '2026-11-23 because of ada' } }],
  ['with a restart taken back', { requests: { restart: '' } }],
];

/** Those that it must refuse, and `field: message` of its causes. */
export const refusedWorkspaces: [string, JsonObject, RegExp][] = [
  ['without a class', { className: null }, /^spec\.className: Required/],
  ['with an empty class name', { className: '' }, /^spec\.className: /],
  [
    'with a class name that no object can have',
    { className: 'Standard' },
    /^spec\.className: .*should match/,
  ],
  ['with a reference to nothing', { envFrom: [{}] }, /^spec\.envFrom\[0\]\.secretRef: Required/],
  [
    'with a nameless Secret',
    { envFrom: [{ secretRef: {} }] },
    /^spec\.envFrom\[0\]\.secretRef\.name: Required/,
  ],
  [
    'with 33 Secrets',
    { envFrom: many(33, (i) => ({ secretRef: { name: `s${i}` } })) },
    /^spec\.envFrom: .*32/,
  ],
  ['with a variable that no shell can hold', { env: [{ name: 'A-B' }] }, /^spec\.env\[0\]\.name: /],
  [
    'with a variable twice',
    { env: [{ name: 'A' }, { name: 'A', value: '1' }] },
    /^spec\.env\[1\]: Duplicate/,
  ],
  ['with 129 variables', { env: many(129, (i) => ({ name: `V${i}` })) }, /^spec\.env: .*128/],
  [
    'with one character more of plain environment',
    { env: many(4, (i) => ({ name: `V${i}`, value: 'é'.repeat(i === 0 ? 32_767 : 32_766) })) },
    /^spec\.env: .*more than 131072 characters together/,
  ],
  ['with a mode there is not', { operatingMode: 'Hibernated' }, /^spec\.operatingMode: Unsupported.*Running/],
  ['with half a type', { instanceType: 'm7i' }, /^spec\.instanceType: /],
  ['with a long request', { requests: { restart: 'x'.repeat(129) } }, /^spec\.requests\.restart: .*128/],
];
