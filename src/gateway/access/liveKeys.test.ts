import { describe, expect, test } from 'vitest';
import { recordingLogger } from '../../../test/support/base/silentLogger.ts';
import type { KubeObject } from '../../controller/client/client.ts';
import { ApiError } from '../../controller/client/errors.ts';
import { systemRandom } from '../../controller/lib/random.ts';
import { entryName, KEY_KINDS, type KeyEntry } from './keys.ts';
import { createLiveKeyRing, FORGET_KEYS } from './liveKeys.ts';

const WHERE = { namespace: 'operator', name: 'workspace-keys' };

function entryOf(kind: KeyEntry['kind'], number: number): KeyEntry {
  return { kind, number, id: `k${number}x0000000${number}`, key: systemRandom.bytes(32) };
}

const FIRST = KEY_KINDS.map((kind) => entryOf(kind, 1));
const SECOND = KEY_KINDS.map((kind) => entryOf(kind, 2));

function secretOf(entries: readonly KeyEntry[], annotations: Record<string, string> = {}): KubeObject {
  const data = Object.fromEntries(entries.map((entry) => [entryName(entry), entry.key.toString('base64')]));
  const metadata = { ...WHERE, uid: 'u', resourceVersion: '1', annotations };
  return { metadata, data } as KubeObject;
}

function setUp(stored?: KubeObject | ApiError) {
  const { logger, lines } = recordingLogger();
  let news = 0;
  const ring = createLiveKeyRing({
    kube: {
      async get<T extends KubeObject>() {
        if (!stored || stored instanceof ApiError) throw stored ?? new ApiError('GET', '/x', { status: 404 });
        return stored as T;
      },
    },
    secret: WHERE,
    entries: FIRST,
    logger,
  });
  ring.onNew(() => {
    news += 1;
  });
  return { ring, lines, news: () => news };
}

const idOf = (entries: readonly KeyEntry[], kind: KeyEntry['kind']) =>
  entries.find((entry) => entry.kind === kind)?.id ?? '';

describe('the keys of a running process', () => {
  test('take up a new key at once, keep the old ones, and say so once', () => {
    const { ring, news } = setUp();
    ring.take(secretOf([...FIRST, ...SECOND]));
    ring.take(secretOf([...SECOND, ...FIRST]));
    for (const kind of KEY_KINDS) {
      expect(ring.current(kind).id).toBe(idOf(SECOND, kind));
      expect(ring.get(kind, idOf(FIRST, kind))).toHaveLength(32);
    }
    expect(news()).toBe(1);
  });

  test('outlive their Secret: what it lost is held', () => {
    const { ring } = setUp();
    ring.take(secretOf(SECOND));
    expect(ring.get('session', idOf(FIRST, 'session'))).toBeDefined();
    expect(ring.entries()).toHaveLength(6);
  });

  test('forget what was taken out and named to be forgotten, and not what is only named', () => {
    const forget = { [FORGET_KEYS]: `session.${idOf(FIRST, 'session')}, ticket.${idOf(FIRST, 'ticket')}` };
    const { ring } = setUp();
    ring.take(secretOf([...FIRST.filter(({ kind }) => kind !== 'session'), ...SECOND], forget));
    expect(ring.get('session', idOf(FIRST, 'session'))).toBeUndefined();
    expect(ring.get('ticket', idOf(FIRST, 'ticket'))).toBeDefined();
  });

  test('never forget the last of a kind', () => {
    const { ring, lines } = setUp();
    const forget = { [FORGET_KEYS]: `digest.${idOf(FIRST, 'digest')}` };
    ring.take(
      secretOf(
        FIRST.filter(({ kind }) => kind !== 'digest'),
        forget,
      ),
    );
    expect(ring.current('digest').id).toBe(idOf(FIRST, 'digest'));
    expect(lines).toHaveLength(1);
  });

  test('stay what they are when an entry is damaged or exchanged; the log names it and quotes nothing', () => {
    const { ring, lines } = setUp();
    const exchanged = { ...FIRST[0], key: systemRandom.bytes(32) } as KeyEntry;
    const damaged = { ...FIRST[1], key: systemRandom.bytes(8) } as KeyEntry;
    ring.take(secretOf([exchanged, damaged, FIRST[2] as KeyEntry]));
    for (const { kind, id, key } of FIRST) expect(ring.get(kind, id)).toEqual(key);
    const said = JSON.stringify(lines);
    expect(said).toContain(entryName(exchanged));
    expect(said).toContain(`${entryName(damaged)} has 8 bytes`);
    for (const { key } of [exchanged, damaged]) expect(said).not.toContain(key.toString('base64'));
  });
});

describe('a key is gone', () => {
  const id = idOf(SECOND, 'digest');
  test('not while it is held', async () => {
    expect(await setUp().ring.isGone('digest', idOf(FIRST, 'digest'))).toBe(false);
  });
  test('not when the Secret, read now, has it: then it is taken up', async () => {
    const { ring } = setUp(secretOf(SECOND));
    expect(await ring.isGone('digest', id)).toBe(false);
    expect(ring.get('digest', id)).toBeDefined();
  });
  test('when the Secret lacks it, or is itself gone', async () => {
    expect(await setUp(secretOf(FIRST)).ring.isGone('digest', id)).toBe(true);
    expect(await setUp().ring.isGone('digest', id)).toBe(true);
  });
  test('is undecided while the API server does not answer', async () => {
    const away = new ApiError('GET', '/x', { status: 503 });
    await expect(setUp(away).ring.isGone('digest', id)).rejects.toBe(away);
  });
});
