import { expect, test } from 'vitest';
import { fillRegions } from './regions.ts';

const DOCUMENT = `# By hand
<!-- generated: list, from a table -->
old
<!-- end: list -->
<!-- generated: other -->
<!-- end: other -->
The end.
`;
const filled = () => fillRegions(DOCUMENT, { list: 'new\n', other: '$& $1\n' });

test('a region is replaced and the rest of the document stays; filling it again changes nothing', () => {
  expect(filled()).toBe(`# By hand
<!-- generated: list, from a table -->

new

<!-- end: list -->
<!-- generated: other -->

$& $1

<!-- end: other -->
The end.
`);
  expect(fillRegions(filled(), { list: 'new\n', other: '$& $1\n' })).toBe(filled());
});

test.each<[string, Record<string, string>, RegExp]>([
  ['lacks a region', { list: '', other: '', third: '' }, /no region third/],
  ['has a region that nothing fills', { list: '' }, /nothing fills the generated region other/],
])('a document that %s is an error', (_what, regions, message) => {
  expect(() => fillRegions(DOCUMENT, regions)).toThrow(message);
});
