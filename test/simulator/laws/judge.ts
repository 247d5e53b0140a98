import { currentState, type InstanceRecord } from '../../../dev/ec2/base/model.ts';
import type { Workspace } from '../../../src/api/kinds/workspace.ts';
import { CAUSES } from '../../../src/api/reasons/causes.ts';
import { isOurs, named, namedBy } from '../scene/ours.ts';
import type { Scene } from '../scene/scene.ts';

const ENDING = new Set<string>(['shutting-down', 'terminated']);
const HALTED = new Set<string>(['stopping', 'stopped', ...ENDING]);

/** Judges by the cloud's and the cluster's own books, never by what the operator says of itself. */
export interface Judge {
  /** The law that is broken just now, if any. */
  look(): Promise<string | undefined>;
}

/** The Workspaces that there were or are. */
export interface Known {
  names(): readonly string[];
  read(name: string): Workspace | undefined | Promise<Workspace | undefined>;
  /** Whether somebody else made the cluster forget Workspaces: then an instance without one is not the operator's doing. */
  forgets?(uid: string): boolean;
  /** How often somebody wiped its status: what was spent before is not on record any more. */
  wipes?(name: string): number;
  /** Whether somebody else wrote the status of the Workspace with this uid: then what it says of launches is not the operator's doing. */
  isEdited?(uid: string): boolean;
}

/** The instances of ours that live, by uid. */
export function livingOf({ service }: Pick<Scene, 'service'>): Map<string, InstanceRecord[]> {
  const living = new Map<string, InstanceRecord[]>();
  for (const instance of service.cloud.instances.values()) {
    if (!isOurs(instance) || ENDING.has(currentState(instance))) continue;
    const { uid } = namedBy(instance);
    const own = living.get(uid) ?? [];
    living.set(uid, own);
    own.push(instance);
  }
  return living;
}

export function createJudge(scene: Pick<Scene, 'service'>, known: Known): Judge {
  const { cloud } = scene.service;
  /** By uid: what each number that was armed spends; and the highest number when deletion was asked for. */
  const spent = new Map<string, Map<number, { what: string; asked: number }>>();
  const deletedAt = new Map<string, number>();
  /** By uid: the request that was handled last, and how many there were. A person may set an earlier value again. */
  const handled = new Map<string, { restart: string | undefined; asked: number }>();
  const wiped = new Map<string, number>();
  /** By uid, while it is paused: its number when it was. */
  const pausedAt = new Map<string, number>();
  const launches = new Set<string>();
  const isEdited = (uid: string) => known.isEdited?.(uid) ?? false;
  let terminations = 0;
  let provisions = 0;

  function note(name: string, { metadata, spec, status }: Workspace): string | undefined {
    const { uid, deletionTimestamp } = metadata;
    const wipes = known.wipes?.(name) ?? 0;
    if (wiped.get(uid) !== wipes) {
      wiped.set(uid, wipes);
      spent.delete(uid);
      pausedAt.delete(uid);
    }
    const launch = status?.launch;
    if (!launch) return undefined;
    if (spec.paused && deletionTimestamp === undefined) {
      const before = pausedAt.get(uid) ?? launch.number;
      pausedAt.set(uid, before);
      if (launch.number !== before) return `paused ${name} got number ${launch.number} after ${before}`;
    } else {
      pausedAt.delete(uid);
    }
    const own = spent.get(uid) ?? new Map<number, { what: string; asked: number }>();
    spent.set(uid, own);
    const { restart } = status.handled ?? {};
    const last = handled.get(uid);
    const asked = last?.restart === restart ? (last?.asked ?? 0) : (last?.asked ?? 0) + 1;
    handled.set(uid, { restart, asked });
    if (deletionTimestamp !== undefined) {
      const highest = deletedAt.get(uid) ?? launch.number;
      deletedAt.set(uid, highest);
      if (launch.number > highest) return `S8: ${name} got number ${launch.number} after its deletion`;
    }
    if (!launch.cause || !launch.params) return undefined;
    const { kind, ref } = launch.cause;
    const { spends } = CAUSES[kind];
    const what = `${spends} ${ref}`;
    const before = own.get(launch.number) ?? { what, asked: spends === 'request' ? asked : 0 };
    own.set(launch.number, before);
    if (before.what !== what) return `S6: launch ${launch.number} spends ${what}, and spent ${before.what}`;
    const twice = [...own].find(
      ([number, it]) => number !== launch.number && it.what === what && it.asked === before.asked,
    );
    return twice && `S6: launches ${twice[0]} and ${launch.number} of ${name} both spend ${what}`;
  }

  function endings(workspaces: ReadonlyMap<string, Workspace>): string | undefined {
    const all = cloud.ledger.terminations();
    for (const { tags, instanceID } of all.slice(terminations)) {
      const instance = cloud.instances.get(instanceID);
      const { uid, number, isOurs: ours } = named(tags, instance?.clientToken);
      if (instance && !ours) return `S3: ${instanceID} was ended, and no launch of ours made it`;
      const workspace = workspaces.get(uid);
      const highest = workspace?.status?.launch?.number ?? Number.POSITIVE_INFINITY;
      const wanted = workspace && workspace.metadata.deletionTimestamp === undefined && !isEdited(uid);
      if (wanted && number >= highest) return `S3: ${instanceID} was ended while it is wanted`;
    }
    terminations = all.length;
    return undefined;
  }

  function births(): string | undefined {
    const all = cloud.ledger.provisions();
    for (const { tags, instanceID, clientToken } of all.slice(provisions)) {
      const { uid, number, isOurs: ours } = named(tags, clientToken);
      const launch = `${uid}/${number}`;
      if (!ours || isEdited(uid)) continue;
      if (launches.has(launch)) return `S2: a second instance, ${instanceID}, for launch ${launch}`;
      launches.add(launch);
    }
    provisions = all.length;
    return undefined;
  }

  async function look(): Promise<string | undefined> {
    const present = new Map<string, Workspace>();
    for (const name of known.names()) {
      const workspace = await known.read(name);
      if (!workspace) continue;
      present.set(workspace.metadata.uid, workspace);
      const broken = isEdited(workspace.metadata.uid) ? undefined : note(name, workspace);
      if (broken) return broken;
    }
    const second = births();
    if (second) return second;
    for (const [uid, living] of livingOf(scene)) {
      if (isEdited(uid)) continue;
      const ids = living.map(({ id }) => id);
      if (ids.length > 1) return `S1: ${ids.length} live instances of ${uid}: ${ids}`;
      if (ids.length > 0 && !present.has(uid) && !known.forgets?.(uid))
        return `S4: ${uid} was let go while ${ids[0]} lives`;
    }
    for (const instance of cloud.instances.values())
      if (!isOurs(instance) && HALTED.has(currentState(instance)))
        return `S3: ${instance.id} is ${currentState(instance)}, and no launch of ours made it`;
    return endings(present);
  }

  return { look };
}
