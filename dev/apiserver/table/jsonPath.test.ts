import { expect, test } from 'vitest';
import type { JsonValue } from '../values/kinds.ts';
import { compileJsonPath } from './jsonPath.ts';

const object: JsonValue = {
  metadata: { annotations: { 'a.b/c': 'dotted' } },
  spec: { list: ['x', 'y', 'z'], nothing: null, nested: [{ n: 1 }, { n: 2 }] },
  status: {
    conditions: [
      { type: 'Synced', status: 'Unknown', ok: false },
      { type: 'Ready', status: 'True', ok: true },
    ],
  },
};

test.each<[string, JsonValue[]]>([
  ['.spec.list[1]', ['y']],
  ['.spec.list[-1]', ['z']],
  ['.spec.list[*]', ['x', 'y', 'z']],
  ['.spec.nested[*].n', [1, 2]],
  ['.spec.nothing', [null]],
  ['.spec.absent.deeper', []],
  ['.spec.list.name', []],
  ['.metadata.annotations.a\\.b/c', ['dotted']],
  [".metadata.annotations['a.b/c']", ['dotted']],
  ['.metadata.annotations["a.b/c"]', ['dotted']],
  ['$.spec.list[0]', ['x']],
  ['.status.conditions[?(@.type=="Ready")].status', ['True']],
  [".status.conditions[?(@.type == 'Ready')].status", ['True']],
  ['.status.conditions[?(@.type!="Ready")].status', ['Unknown']],
  ['.status.conditions[?(@.ok==true)].type', ['Ready']],
  ['.spec.nested[?(@.n)].n', [1, 2]],
  ['.spec.nested[?(@.n==2)].n', [2]],
  ['.status.conditions[?(@.type=="Absent")].status', []],
])('%s selects %j', (path, expected) => {
  expect(compileJsonPath(path)(object)).toEqual(expected);
});

test.each(['spec', '.a[', '.a[b]', '.a[?(@.b>1)]', '..a', '.a..b', '{.a}'])('%s is refused', (path) => {
  expect(() => compileJsonPath(path)).toThrow('unrecognized JSONPath');
});
