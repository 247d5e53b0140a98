import { currentState } from '../../../dev/ec2/base/model.ts';
import type { Workspace } from '../../../src/api/kinds/workspace.ts';
import { CAUSES, outdatedBy } from '../../../src/api/reasons/causes.ts';
import { named } from '../scene/ours.ts';
import type { People } from '../scene/people.ts';
import type { Scene } from '../scene/scene.ts';
import type { Shape } from '../scene/shape.ts';
import { livingOf } from './judge.ts';

/** A limit that was lowered, or a change that was under way, holds what began before it. */
const SETTLED_MS = 60_000;

/** What holds for a class and its Workspaces together, by the books of cloud and agents. */
export interface FleetLaws {
  /** The law that is broken, if any. */
  look(): string | undefined;
}

/** A limit as it was lately: the highest value of the last minute. */
function createRecent(now: () => number) {
  let values: { at: number; value: number }[] = [];
  return (value: number): number => {
    if (values.at(-1)?.value !== value) values.push({ at: now(), value });
    // The one before the first in reach held until that one came.
    while (values.length > 1 && (values[1]?.at ?? 0) < now() - SETTLED_MS) values = values.slice(1);
    return Math.max(...values.map((it) => it.value));
  };
}

export function createFleetLaws(scene: Scene, people: People, shape: Shape): FleetLaws {
  const { cloud } = scene.service;
  const recent = new Map<
    string,
    { down: ReturnType<typeof createRecent>; room: ReturnType<typeof createRecent> }
  >();
  for (const name of people.classes()) {
    const now = () => scene.clock.monotonic();
    recent.set(name, { down: createRecent(now), room: createRecent(now) });
  }
  /** Workspaces that a program took down while they served, by name: of which class, and what for. */
  const down = new Map<
    string,
    { className: string; uid: string; restart: string | undefined; why: string }
  >();
  /** By uid: what a program began a launch for. */
  const begun = new Map<string, Map<number, string>>();
  let terminations = 0;
  let served = new Set<string>();

  function serving(): Set<string> {
    const running = new Set(
      [...cloud.instances.values()].filter((it) => currentState(it) === 'running').map(({ id }) => id),
    );
    const heard = scene.agents
      .reports()
      .filter(({ beats, instanceID }) => beats > 0 && running.has(instanceID));
    return new Set(heard.map(({ instanceID }) => instanceID));
  }

  /** Takes note of who was taken down since the last look, and of who is up again or for another reason down. */
  function follow(): void {
    const serves = serving();
    const uids = new Map(people.names().map((name) => [people.read(name)?.metadata.uid, name]));
    const all = cloud.ledger.terminations();
    for (const { instanceID, tags } of all.slice(terminations)) {
      const name = uids.get(named(tags, undefined).uid);
      const workspace = name === undefined ? undefined : people.read(name);
      const kind = workspace?.status?.launch?.cause?.kind;
      if (name === undefined || !workspace || !kind || !served.has(instanceID)) continue;
      if (outdatedBy(kind) === undefined) continue;
      const { className, requests } = workspace.spec;
      const { uid } = workspace.metadata;
      const profile = cloud.instances.get(instanceID)?.instanceProfile;
      down.set(name, { className: profile ?? className, uid, restart: requests.restart, why: kind });
    }
    terminations = all.length;
    const up = new Set([...serves].map((id) => named(tagsOf(id), undefined).uid));
    for (const [name, { uid, restart }] of down) {
      const workspace = people.read(name);
      if (!workspace || workspace.metadata.uid !== uid || up.has(uid) || isAside(workspace, restart))
        down.delete(name);
    }
    served = serves;
  }

  const tagsOf = (id: string) =>
    Object.fromEntries(cloud.instances.get(id)?.tags.map(({ key, value }) => [key, value]) ?? []);

  function slots(): string | undefined {
    for (const className of people.classes()) {
      const names = [...down].filter(([, it]) => it.className === className);
      const { maxUnavailable } = people.klass(className).spec.rollout;
      const count = people.names().filter((name) => people.read(name)?.spec.className === className).length;
      const most = recent.get(className)?.down(mostOf(maxUnavailable, count)) ?? 0;
      // A namespace that has yet to halt what only it fails with may have one more.
      const allowed = most + shape.namespaces.length;
      if (names.length > allowed)
        return `maxUnavailable ${maxUnavailable}: programs took down ${names.length} of class ${className}: ${names.map(([name, { why }]) => `${name} (${why})`)}`;
    }
    return undefined;
  }

  function room(): string | undefined {
    const workspaces = new Map(
      people.names().flatMap((name) => {
        const workspace = people.read(name);
        return workspace ? [[workspace.metadata.uid, workspace] as const] : [];
      }),
    );
    const living = livingOf(scene);
    for (const className of people.classes()) {
      const { maxInstances = Number.POSITIVE_INFINITY } = people.klass(className).spec;
      const most = recent.get(className)?.room(maxInstances) ?? 0;
      const taken = [...living].flatMap(([uid, [instance]]) =>
        instance?.instanceProfile === className ? [uid] : [],
      );
      const before = holders.get(className) ?? new Map<string, number>();
      const now = scene.clock.monotonic();
      // A holder of room keeps it while it is replaced or repaired; lowering the limit ends nothing. A launch that was armed
      // before a move to another class may still become an instance of this one.
      const kept = [...before].flatMap(([uid, at]) => {
        const { spec, status } = workspaces.get(uid) ?? {};
        if (!spec || status?.launch?.phase === 'Closed') return [];
        if (spec.className === className) return [[uid, now] as const];
        return now - at <= SETTLED_MS ? [[uid, at] as const] : [];
      });
      const newcomer = taken.find((uid) => !before.has(uid));
      holders.set(className, new Map([...kept, ...taken.map((uid) => [uid, now] as const)]));
      if (newcomer !== undefined && taken.length > most)
        return `maxInstances ${maxInstances}: ${workspaces.get(newcomer)?.metadata.name} is the ${taken.length}th with an instance of class ${className}`;
    }
    return undefined;
  }
  /** By class, the uids that have room in it, and until when each was of that class or had an instance of it. */
  const holders = new Map<string, Map<string, number>>();

  /** One change is one provision at most. */
  function changes(): string | undefined {
    for (const name of people.names()) {
      const workspace = people.read(name);
      const { launch } = workspace?.status ?? {};
      if (!workspace || !launch?.cause || !launch.params || people.isEdited(workspace.metadata.uid)) continue;
      const { uid } = workspace.metadata;
      const own = begun.get(uid) ?? new Map<number, string>();
      begun.set(uid, own);
      if (outdatedBy(launch.cause.kind) !== undefined && CAUSES[launch.cause.kind].spends === 'generation')
        own.set(launch.number, launch.cause.kind);
      if (own.size > people.changes(name))
        return `one change, one provision: ${name} has ${own.size} launches for ${people.changes(name)} changes: ${[...own.values()]}`;
    }
    return undefined;
  }

  return {
    look() {
      follow();
      return slots() ?? room() ?? changes();
    },
  };
}

/** Somebody wants it to be down, or bears the downtime. */
function isAside({ metadata, spec }: Workspace, restart: string | undefined): boolean {
  if (metadata.deletionTimestamp !== undefined || spec.operatingMode === 'Stopped' || spec.paused)
    return true;
  return spec.requests.restart !== restart;
}

function mostOf(maxUnavailable: string, count: number): number {
  if (!maxUnavailable.endsWith('%')) return Number(maxUnavailable);
  return Math.max(1, Math.floor((Number(maxUnavailable.slice(0, -1)) / 100) * count));
}
