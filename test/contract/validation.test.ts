import { expect, test } from 'vitest';
import type { JsonObject } from '../../dev/apiserver/values/kinds.ts';
import { merge } from './support/api.ts';
import { configMap, configMapsIn, widget, widgetsIn } from './support/kinds.ts';
import { contract } from './support/servers.ts';

const invalid = (...causes: string[]) => ({ code: 422, reason: 'Invalid', causes });

/** Some refusals of the schema keep CEL's rules from being asked, and a cause says so. */
const rulesUnasked = 'FieldValueInvalid <nil>';

contract('schemas', (api) => {
  test.each<[string, JsonObject, string[]]>([
    ['a required field left out', { size: null }, [rulesUnasked, 'FieldValueRequired spec.size']],
    ['below the minimum', { size: 0 }, ['FieldValueInvalid spec.size']],
    ['above the maximum', { size: 1001 }, ['FieldValueInvalid spec.size']],
    ['not of the type', { size: 'x' }, [rulesUnasked, 'FieldValueTypeInvalid spec.size']],
    ['a fraction for an integer', { size: 1.5 }, [rulesUnasked, 'FieldValueTypeInvalid spec.size']],
    ['none of the enum', { color: 'pink' }, [rulesUnasked, 'FieldValueNotSupported spec.color']],
    ['not of the pattern', { code: 'AB' }, ['FieldValueInvalid spec.code']],
    ['too short', { code: 'a' }, ['FieldValueInvalid spec.code']],
    ['too long', { code: 'abcdef' }, [rulesUnasked, 'FieldValueTooLong spec.code']],
    [
      'too many items',
      { parts: ['a', 'b', 'c', 'd'].map((name) => ({ name })) },
      [rulesUnasked, 'FieldValueTooMany spec.parts'],
    ],
    ['an item without its key', { parts: [{}] }, [rulesUnasked, 'FieldValueRequired spec.parts[0].name']],
    ['a key twice', { parts: [{ name: 'a' }, { name: 'a' }] }, ['FieldValueDuplicate spec.parts[1]']],
    [
      'a map’s value of another type',
      { labels: { l: 1 } },
      [rulesUnasked, 'FieldValueTypeInvalid spec.labels.l'],
    ],
    ['a list for an object', { labels: [] }, [rulesUnasked, 'FieldValueTypeInvalid spec.labels']],
    [
      'several at once',
      { size: 0, color: 'pink', code: 'A' },
      [
        rulesUnasked,
        'FieldValueInvalid spec.code',
        'FieldValueInvalid spec.size',
        'FieldValueNotSupported spec.color',
      ],
    ],
  ])('%s', async (_, spec, causes) => {
    const widgets = widgetsIn(await api.namespace());
    expect(await api.refused('POST', widgets, widget('a', spec))).toEqual(invalid(...causes));
  });

  test('null is for what is nullable, and elsewhere means nothing', async () => {
    const widgets = widgetsIn(await api.namespace());
    const made = await api.ok('POST', widgets, widget('a', { note: null, code: null, color: null }));
    expect(made.spec).toEqual({ size: 1, color: 'red', note: null });
  });

  test('unknown fields are pruned, refused or warned of, as asked', async () => {
    const widgets = widgetsIn(await api.namespace());
    const body = widget('a', { other: 1, free: { any: { thing: true } } });
    const refusal = await api.refusedSaying('POST', widgets, body, { query: { fieldValidation: 'Strict' } });
    expect([refusal.code, refusal.reason]).toEqual([400, 'BadRequest']);
    expect(refusal.message).toContain('unknown field "spec.other"');
    const { headers } = await api.call('POST', widgets, body, {
      query: { fieldValidation: 'Warn', dryRun: 'All' },
    });
    expect(headers.warning).toContain('unknown field \\"spec.other\\"');
    const made = await api.ok('POST', widgets, body, { query: { fieldValidation: 'Ignore' } });
    expect(made.spec).toEqual({ size: 1, color: 'red', free: { any: { thing: true } } });
  });

  test('a status is validated as well, and by its own subresource alone', async () => {
    const widgets = widgetsIn(await api.namespace());
    await api.ok('POST', widgets, widget('a'));
    const long = { status: { note: 'x'.repeat(21) } };
    expect(await api.refused('PATCH', `${widgets}/a/status`, long, merge)).toEqual(
      invalid(rulesUnasked, 'FieldValueTooLong status.note'),
    );
    await api.ok('PATCH', `${widgets}/a/status`, { status: { note: '€'.repeat(20) } }, merge);
  });

  test('the kind and version of the body are those of the path', async () => {
    const namespace = await api.namespace();
    const widgets = widgetsIn(namespace);
    const bad = { code: 400, reason: 'BadRequest', causes: [] };
    const another = await api.refused('POST', widgets, { ...widget('a', { color: 'red' }), kind: 'Gadget' });
    expect(another).toEqual(invalid('FieldValueInvalid kind'));
    const version = { ...widget('a'), apiVersion: 'contract.example.com/v2' };
    expect(await api.refused('POST', widgets, version)).toEqual(bad);
    expect(await api.refused('POST', configMapsIn(namespace), { ...configMap('a'), kind: 'Secret' })).toEqual(
      bad,
    );
  });

  test('a custom resource names them, a ConfigMap needn’t', async () => {
    const namespace = await api.namespace();
    const bad = { code: 400, reason: 'BadRequest', causes: [] };
    for (const field of ['kind', 'apiVersion']) {
      const { [field]: _, ...body } = widget('a');
      expect(await api.refused('POST', widgetsIn(namespace), body)).toEqual(bad);
    }
    await api.ok('POST', configMapsIn(namespace), { metadata: { name: 'a' }, data: { a: '1' } });
  });

  test.each(['Upper', 'under_score', '-dash', 'a..b', 'a/b', 'x'.repeat(254)])(
    'the name %s',
    async (name) => {
      const widgets = widgetsIn(await api.namespace());
      expect(await api.refused('POST', widgets, widget(name))).toEqual(
        invalid('FieldValueInvalid metadata.name'),
      );
    },
  );

  test('labels and annotations have qualified names', async () => {
    const widgets = widgetsIn(await api.namespace());
    const labelled = (metadata: JsonObject) => api.refused('POST', widgets, widget('a', {}, { metadata }));
    expect(await labelled({ labels: { 'a b': '1' } })).toEqual(invalid('FieldValueInvalid metadata.labels'));
    expect(await labelled({ labels: { a: 'b c' } })).toEqual(invalid('FieldValueInvalid metadata.labels'));
    expect(await labelled({ annotations: { 'a b': '1' } })).toEqual(
      invalid('FieldValueInvalid metadata.annotations'),
    );
    expect((await labelled({ labels: { a: 1 } })).code).toBe(400);
  });
});

contract('CEL rules', (api) => {
  test('are reported with their message, where they say', async () => {
    const widgets = widgetsIn(await api.namespace());
    const {
      says,
      message: _,
      ...refusal
    } = await api.refusedSaying('POST', widgets, widget('a', { color: 'blue' }));
    expect(refusal).toEqual(invalid('FieldValueInvalid spec'));
    expect(says).toEqual([expect.stringContaining('blue is never of size one')]);
  });

  test('those on transitions see what was, and not at creation', async () => {
    const widgets = widgetsIn(await api.namespace());
    await api.ok('POST', widgets, widget('a', { size: 5 }));
    await api.ok('PATCH', `${widgets}/a`, { spec: { size: 6 } }, merge);
    const shrink = await api.refusedSaying('PATCH', `${widgets}/a`, { spec: { size: 5 } }, merge);
    expect([shrink.code, shrink.causes]).toEqual([422, ['FieldValueInvalid spec.size']]);
    expect(shrink.says).toEqual([expect.stringContaining('size never shrinks')]);
  });

  test('what the schema refuses is not asked of them', async () => {
    const widgets = widgetsIn(await api.namespace());
    const body = widget('a', { color: 'blue', size: 'x' });
    expect(await api.refused('POST', widgets, body)).toEqual(
      invalid(rulesUnasked, 'FieldValueTypeInvalid spec.size'),
    );
  });

  test('a stored object that breaks a rule of today may keep what it has', async () => {
    const widgets = widgetsIn(await api.namespace());
    await api.ok('POST', widgets, widget('a', { color: 'blue', size: 2 }));
    const both = { spec: { color: 'blue', size: 1 } };
    const refusal = await api.refused('PATCH', `${widgets}/a`, both, merge);
    expect(refusal).toEqual(invalid('FieldValueInvalid spec', 'FieldValueInvalid spec.size'));
  });
});
