import { currentState, type InstanceRecord, type Tag } from '../../dev/ec2/model.ts';
import { tagMap } from '../../dev/ec2/tags.ts';
import { CAUSES } from '../../src/api/causes.ts';
import type { Workspace } from '../../src/api/workspace.ts';
import { TAG } from '../../src/ec2/port.ts';
import { NAMESPACE, type People } from './people.ts';
import type { Scene } from './scene.ts';

const ENDING = new Set<string>(['shutting-down', 'terminated']);

/** Judges by the cloud's and the cluster's own books, never by what the operator says of itself. */
export interface Judge {
  /** The law that is broken just now, if any. */
  look(): Promise<string | undefined>;
}

/** The Workspaces that there were or are. */
export interface Known {
  names(): readonly string[];
  read(name: string): Promise<Workspace | undefined>;
  /** Whether somebody else made the cluster forget Workspaces: then an instance without one is not the operator's doing. */
  forgets?(): boolean;
}

/** A change of tags makes another list of them. */
const read = new WeakMap<readonly Tag[], { uid: string; number: number }>();

function tagsOf({ tags }: InstanceRecord): { uid: string; number: number } {
  const known = read.get(tags);
  if (known) return known;
  const all = tagMap(tags);
  const found = { uid: all[TAG.uid] ?? '', number: Number(all[TAG.number]) };
  read.set(tags, found);
  return found;
}

function livingOf({ service }: Pick<Scene, 'service'>): Map<string, InstanceRecord[]> {
  const living = new Map<string, InstanceRecord[]>();
  for (const instance of service.cloud.instances.values()) {
    const { uid } = tagsOf(instance);
    const own = living.get(uid) ?? [];
    living.set(uid, own);
    if (!ENDING.has(currentState(instance))) own.push(instance);
  }
  return living;
}

export function createJudge(scene: Pick<Scene, 'service'>, known: Known): Judge {
  const { cloud } = scene.service;
  /** By uid: what each number that was armed spends; and the highest number when deletion was asked for. */
  const spent = new Map<string, Map<number, string>>();
  const deletedAt = new Map<string, number>();
  let terminations = 0;

  function note({ metadata, status }: Workspace): string | undefined {
    const launch = status?.launch;
    if (!launch) return undefined;
    const own = spent.get(metadata.uid) ?? new Map<number, string>();
    spent.set(metadata.uid, own);
    if (metadata.deletionTimestamp !== undefined) {
      const highest = deletedAt.get(metadata.uid) ?? launch.number;
      deletedAt.set(metadata.uid, highest);
      if (launch.number > highest)
        return `S8: ${metadata.name} got number ${launch.number} after its deletion`;
    }
    if (!launch.cause || !launch.params) return undefined;
    const { kind, ref } = launch.cause;
    const what = `${CAUSES[kind].spends} ${ref}`;
    const before = own.get(launch.number);
    own.set(launch.number, what);
    if (before !== undefined && before !== what)
      return `S6: launch ${launch.number} spends ${what}, and spent ${before}`;
    const twice = [...own].find(([number, spends]) => number !== launch.number && spends === what);
    return twice && `S6: launches ${twice[0]} and ${launch.number} of ${metadata.name} both spend ${what}`;
  }

  function endings(workspaces: ReadonlyMap<string, Workspace>): string | undefined {
    const all = cloud.ledger.terminations();
    for (const { tags, instanceID } of all.slice(terminations)) {
      const workspace = workspaces.get(tags[TAG.uid] ?? '');
      const number = workspace?.status?.launch?.number ?? Number.POSITIVE_INFINITY;
      const wanted = workspace && workspace.metadata.deletionTimestamp === undefined;
      if (wanted && Number(tags[TAG.number]) >= number)
        return `S3: ${instanceID} was ended while it is wanted`;
    }
    terminations = all.length;
    return undefined;
  }

  async function look(): Promise<string | undefined> {
    const present = new Map<string, Workspace>();
    for (const name of known.names()) {
      const workspace = await known.read(name);
      if (!workspace) continue;
      present.set(workspace.metadata.uid, workspace);
      const broken = note(workspace);
      if (broken) return broken;
    }
    const numbers = new Set<string>();
    for (const { tags, instanceID } of cloud.ledger.provisions()) {
      const launch = `${tags[TAG.uid]}/${tags[TAG.number]}`;
      if (numbers.has(launch)) return `S2: a second instance, ${instanceID}, for launch ${launch}`;
      numbers.add(launch);
    }
    for (const [uid, living] of livingOf(scene)) {
      const ids = living.map(({ id }) => id);
      if (ids.length > 1) return `S1: ${ids.length} live instances of ${uid}: ${ids}`;
      if (ids.length > 0 && !present.has(uid) && !known.forgets?.())
        return `S4: ${uid} was let go while ${ids[0]} lives`;
    }
    return endings(present);
  }

  return { look };
}

/** What is still not as it was last asked for, if anything. */
export async function unfulfilled(
  scene: Pick<Scene, 'service' | 'agents'>,
  people: People,
): Promise<string | undefined> {
  for (const name of people.names()) {
    const workspace = await people.read(name);
    if (!workspace) continue;
    if (workspace.metadata.deletionTimestamp !== undefined) return `${name} is not gone`;
    const wants = missing(scene, people, workspace);
    if (wants) return `${NAMESPACE}/${name}: ${wants}`;
  }
  return undefined;
}

function missing(
  scene: Pick<Scene, 'service' | 'agents'>,
  people: Pick<People, 'content'>,
  { metadata, spec, status }: Workspace,
): string | undefined {
  const [instance] = livingOf(scene).get(metadata.uid) ?? [];
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  const said = `(Ready is ${ready?.status} ${ready?.reason}: ${ready?.message})`;
  const { restart } = spec.requests ?? {};
  if (restart !== undefined && status?.handled?.restart !== restart)
    return `restart ${restart} is not answered ${said}`;
  const state = instance && currentState(instance);
  if (spec.operatingMode === 'Stopped') {
    return state === undefined || state === 'stopped' ? undefined : `its instance is ${state} ${said}`;
  }
  if (!instance || state !== 'running') return `its instance is ${state} ${said}`;
  if (spec.instanceType !== undefined && instance.type !== spec.instanceType)
    return `its type is ${instance.type} ${said}`;
  const agent = scene.agents.reports().find(({ instanceID }) => instanceID === instance.id);
  if (agent?.environment?.KEY !== people.content(metadata.name))
    return `its agent holds ${agent?.environment?.KEY} ${said}`;
  return ready?.status === 'True' ? undefined : `it is not Ready ${said}`;
}
