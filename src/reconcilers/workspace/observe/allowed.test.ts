import { expect, test } from 'vitest';
import { classOf } from '../../../../test/support/workspace/facts.ts';
import { namespaceAllowed } from './allowed.ts';

const namespace = (labels?: Record<string, string>) => ({
  metadata: { name: 'team', uid: 'n', resourceVersion: '1', ...(labels ? { labels } : {}) },
});
const selecting = (selector: object) => classOf({ allowedNamespaces: { from: 'Selector', selector } });
const keyed = (key: string, operator: string) => selecting({ matchExpressions: [{ key, operator }] });
const on = (operator: string, values?: string[]) =>
  selecting({ matchExpressions: [{ key: 'team', operator, ...(values ? { values } : {}) }] });

test.each([
  ['None refuses everyone', classOf({ allowedNamespaces: {} }), { team: 'ada' }, false],
  ['All allows everyone', classOf(), undefined, true],
  ['an empty selector selects everyone', selecting({}), undefined, true],
  ['a label must be there', selecting({ matchLabels: { team: 'ada' } }), undefined, false],
  ['with its value', selecting({ matchLabels: { team: 'ada' } }), { team: 'bob' }, false],
  ['and may have company', selecting({ matchLabels: { team: 'ada' } }), { team: 'ada', env: 'dev' }, true],
  ['In wants one of the values', on('In', ['ada', 'bob']), { team: 'bob' }, true],
  ['In does not hold where the label is absent', on('In', ['ada']), {}, false],
  ['NotIn refuses the values', on('NotIn', ['ada']), { team: 'ada' }, false],
  ['NotIn holds where the label is absent', on('NotIn', ['ada']), {}, true],
  ['Exists wants the label', on('Exists'), { team: '' }, true],
  ['Exists does not hold without it', on('Exists'), {}, false],
  ['DoesNotExist refuses the label', on('DoesNotExist'), { team: '' }, false],
  ['DoesNotExist holds without it', on('DoesNotExist'), undefined, true],
  ['a name that every object inherits is no label', keyed('constructor', 'Exists'), {}, false],
  ['nor is its absence hidden', keyed('toString', 'DoesNotExist'), {}, true],
] as const)('%s', (_law, klass, labels, allowed) => {
  expect(namespaceAllowed(klass, namespace(labels))).toBe(allowed);
});

test('every term of a selector must hold', () => {
  const klass = selecting({
    matchLabels: { env: 'dev' },
    matchExpressions: [{ key: 'team', operator: 'In', values: ['ada'] }],
  });
  expect(namespaceAllowed(klass, namespace({ env: 'dev', team: 'ada' }))).toBe(true);
  expect(namespaceAllowed(klass, namespace({ env: 'dev', team: 'bob' }))).toBe(false);
  expect(namespaceAllowed(klass, namespace({ env: 'live', team: 'ada' }))).toBe(false);
});

test('a namespace that is not known yet is not selected, but All needs to know nothing', () => {
  expect(namespaceAllowed(selecting({}), undefined)).toBe(false);
  expect(namespaceAllowed(classOf(), undefined)).toBe(true);
});
