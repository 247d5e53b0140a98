import { describe, expect, test } from 'vitest';
import { createWidgetApi, jsonPatch, mergePatch, widget, widgetsPath } from '../testApi.ts';

const one = `${widgetsPath}/a`;

describe('options of writes', () => {
  const strange = widget('a', { spec: { size: 1, shape: 'round' }, metadata: { name: 'a', nick: 'x' } });

  test('fieldValidation: Strict refuses unknown fields, Warn returns a warning, Ignore drops them in silence', async () => {
    const api = await createWidgetApi();
    const strict = await api.call('POST', widgetsPath, strange, { query: { fieldValidation: 'Strict' } });
    expect(strict).toMatchObject({
      status: 400,
      body: {
        reason: 'BadRequest',
        message:
          'Widget in version "v1" cannot be handled as a Widget: strict decoding error: unknown field "metadata.nick", unknown field "spec.shape"',
      },
    });
    const warned = await api.call('POST', widgetsPath, strange);
    expect(warned.headers.warning).toBe(
      '299 - "unknown field \\"metadata.nick\\"", 299 - "unknown field \\"spec.shape\\""',
    );
    expect(warned.body.spec).toEqual({ size: 1, color: 'red' });
    const patch = { spec: { shape: 'round' } };
    const ignored = await api.call('PATCH', one, patch, {
      ...mergePatch,
      query: { fieldValidation: 'Ignore' },
    });
    expect(ignored).toMatchObject({ status: 200, headers: {} });
    const refused = await api.call('PATCH', one, patch, {
      ...mergePatch,
      query: { fieldValidation: 'Strict' },
    });
    expect(refused).toMatchObject({ status: 422, body: { details: { causes: [{ field: 'patch' }] } } });
  });

  test('dryRun=All answers as if, and stores nothing', async () => {
    const api = await createWidgetApi();
    const dry = { query: { dryRun: 'All' } };
    expect((await api.call('POST', widgetsPath, widget('a'), dry)).status).toBe(201);
    expect((await api.call('GET', one)).status).toBe(404);
    const made = await api.ok('POST', widgetsPath, widget('a'));
    expect(await api.ok('PATCH', one, { spec: { size: 2 } }, { ...mergePatch, ...dry })).toMatchObject({
      spec: { size: 2 },
    });
    await api.ok('DELETE', one, undefined, dry);
    await api.ok('DELETE', widgetsPath, undefined, dry);
    expect(await api.ok('GET', one)).toEqual(made);
    expect((await api.call('POST', widgetsPath, widget('b'), { query: { dryRun: 'Some' } })).status).toBe(
      400,
    );
  });
});

describe('JSON patch', () => {
  test('applies its operations in order', async () => {
    const api = await createWidgetApi();
    await api.ok('POST', widgetsPath, widget('a'));
    const patched = await api.ok(
      'PATCH',
      one,
      [
        { op: 'test', path: '/spec/size', value: 1 },
        { op: 'replace', path: '/spec/size', value: 3 },
        { op: 'add', path: '/metadata/labels', value: { a: 'b' } },
      ],
      jsonPatch,
    );
    expect(patched).toMatchObject({ spec: { size: 3 }, metadata: { labels: { a: 'b' }, generation: 2 } });
  });

  test.each([
    ['a failed test', [{ op: 'test', path: '/spec/size', value: 7 }], 422],
    ['a path that is not there', [{ op: 'remove', path: '/spec/none' }], 422],
    ['no operation', [{ path: '/spec' }], 400],
    ['no array', { op: 'remove', path: '/spec' }, 400],
  ])('%s is refused', async (_, patch, status) => {
    const api = await createWidgetApi();
    await api.ok('POST', widgetsPath, widget('a'));
    expect((await api.call('PATCH', one, patch, jsonPatch)).status).toBe(status);
  });
});
