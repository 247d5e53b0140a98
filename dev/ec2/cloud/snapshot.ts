import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { Timer } from '../../../src/controller/lib/clock.ts';
import type { InstanceRecord, Phase } from '../base/model.ts';
import { type IdentityAuthority, restoreIdentityAuthority } from './identity.ts';
import type { Cloud } from './state.ts';
import type { BoundToken } from './tokens.ts';

interface Snapshot {
  version: 1;
  /** When it was written, on both clocks; monotonic times in it mean something beside these only. */
  savedAt: { wall: number; monotonic: number };
  identity: { certificatePEM: string; privateKeyPEM: string };
  sequence: number;
  instances: InstanceRecord[];
  tokens: BoundToken[];
}

const envelope = z.object({ version: z.literal(1) });
const SAVE_DELAY_MS = 200;

/**
 * Reads what `keepSaved` wrote; undefined when there is none. The file is the cloud's own: of its content only the
 * version is checked.
 * @throws when the file can't be read or is of another version; delete it to begin again.
 */
export function readSnapshot(file: string): Snapshot | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const content: unknown = JSON.parse(text);
  if (!envelope.safeParse(content).success)
    throw new Error(`${file} was written by another version of the embedded EC2; delete it to begin again`);
  return content as Snapshot;
}

/** Puts a fresh cloud where the snapshot left the old one; the time between has passed for it too. */
export function restore(cloud: Cloud, snapshot: Snapshot): IdentityAuthority {
  const { savedAt } = snapshot;
  const away = Math.max(0, cloud.clock.now() - savedAt.wall);
  const shift = cloud.clock.monotonic() - away - savedAt.monotonic;
  const moved = <T extends Phase>(phase: T): T => ({ ...phase, at: phase.at + shift });
  cloud.sequence = snapshot.sequence;
  cloud.tokens.restore(snapshot.tokens);
  for (const stored of snapshot.instances) {
    const instance: InstanceRecord = {
      ...stored,
      phases: stored.phases.map(moved),
      visibleAt: stored.visibleAt + shift,
      hiddenUntil: stored.hiddenUntil + shift,
      next: stored.next && moved(stored.next),
    };
    cloud.instances.set(instance.id, instance);
    cloud.lifecycle.resume(instance);
  }
  return restoreIdentityAuthority(snapshot.identity);
}

/** Writes the cloud to the file soon after each change of an instance's state, and at the end. */
export function keepSaved(cloud: Cloud, identity: IdentityAuthority, file: string): { close(): void } {
  let due: Timer | undefined;
  mkdirSync(dirname(file), { recursive: true });
  const save = () => {
    due = undefined;
    const snapshot: Snapshot = {
      version: 1,
      savedAt: { wall: cloud.clock.now(), monotonic: cloud.clock.monotonic() },
      identity: { certificatePEM: identity.certificatePEM, privateKeyPEM: identity.privateKeyPEM },
      sequence: cloud.sequence,
      instances: [...cloud.instances.values()],
      tokens: [...cloud.tokens.entries()],
    };
    writeFileSync(`${file}.new`, JSON.stringify(snapshot), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  };
  cloud.lifecycle.subscribe(() => {
    due ??= cloud.clock.setTimeout(save, SAVE_DELAY_MS);
  });
  return {
    close() {
      due?.cancel();
      save();
    },
  };
}
