import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createServerCertificate,
  type ServerCertificate,
} from '../../dev/apiserver/transport/certificates.ts';
import { createMachine, type Machine, WAIT } from '../../test/support/programs/shellAgent.ts';
import { SHELLS } from '../../test/support/programs/shells.ts';
import type { Gateway } from '../gateway/server.ts';

let before: ServerCertificate;
let after: ServerCertificate;
let machine: Machine;
let gateway: Gateway;
let trustedCertificates: string[];

/** What the gateway shows, and what instances are to check it with. */
function show(pair: ServerCertificate, ...bundle: ServerCertificate[]): string {
  const caBundle = bundle.map(({ caPEM }) => `${caPEM.trim()}\n`).join('');
  gateway.reload({ tls: { cert: pair.certPEM, key: pair.keyPEM }, trustedCertificates, caBundle });
  return createHash('sha256').update(caBundle).digest('hex');
}

const held = async () => (await machine.fixture.store.countBundles()).keys().next().value;
const row = () => machine.find();
const beats = async () => (await row())?.seq ?? 0;

async function start(programs: Readonly<Record<string, string>> = {}) {
  [before, after] = await Promise.all([createServerCertificate(), createServerCertificate()]);
  machine = await createMachine();
  machine.install(programs);
  machine.fixture.put();
  trustedCertificates = [machine.fixture.certificatePEM];
  gateway = machine.fixture.another({ tls: { cert: before.certPEM, key: before.keyPEM } });
  const { url } = await gateway.start();
  const first = show(before, before);
  const child = machine.boot(url, { caBundle: before.caPEM });
  await expect.poll(held, WAIT).toBe(first);
  return { child, url };
}

afterEach(() => machine.close());

describe.each(SHELLS)('under %s', (_name, programs) => {
  test('a CA is rotated under running agents: old, both, new; none restarts, and no heartbeat is lost', async () => {
    const { child, url } = await start(programs);
    await expect.poll(held, WAIT).toBe(show(before, before, after));
    const both = show(after, before, after);
    const from = await beats();
    await expect.poll(beats, WAIT).toBeGreaterThan(from + 1);
    expect(await held()).toBe(both);
    await expect.poll(held, WAIT).toBe(show(after, after));
    expect(child.output()).not.toMatch(/HTTP (000|4|5)/);
    expect(await row()).toMatchObject({ boot: 1, fresh: true });

    // A reboot brings the first bundle back in user data; the one that came since stands above it.
    await machine.end(child);
    const again = machine.boot(url, { caBundle: before.caPEM });
    await expect.poll(row, WAIT).toMatchObject({ boot: 2, fresh: true });
    expect(again.output()).not.toMatch(/heartbeat: HTTP 000/);
  });
});

describe('an agent', () => {
  beforeEach(async () => void (await start()));

  test('keeps its bundle as long as the gateway’s certificate does not stand the next one', async () => {
    const first = await held();
    show(before, after);
    const from = await beats();
    await expect.poll(beats, WAIT).toBeGreaterThan(from + 2);
    expect(await held()).toBe(first);
    expect(machine.exists('var/lib/workspace-agent/ca.pem')).toBe(false);
  });

  test('that distrusts the gateway says so, and takes it back once it trusts it', async () => {
    show(after, after);
    await expect.poll(row, WAIT).toMatchObject({ trouble: 'GatewayDistrusted' });
    expect(machine.exists('var/lib/workspace-agent/ca.pem')).toBe(false);
    show(before, before);
    await expect.poll(async () => (await row())?.trouble, WAIT).toBeUndefined();
    expect(await row()).toMatchObject({ boot: 1, fresh: true });
  });

  test('whose bundle is no bundle any more says so too, until it holds one again', async () => {
    machine.write('etc/workspace-agent/ca.pem', 'cut off in the mid');
    await expect.poll(row, WAIT).toMatchObject({ trouble: 'GatewayDistrusted' });
    machine.write('etc/workspace-agent/ca.pem', before.caPEM);
    await expect.poll(async () => (await row())?.trouble, WAIT).toBeUndefined();
  });
});
