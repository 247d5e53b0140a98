import { currentState } from '../../../dev/ec2/base/model.ts';
import type { Workspace } from '../../../src/api/kinds/workspace.ts';
import type { People } from '../scene/people.ts';
import type { Scene } from '../scene/scene.ts';
import { livingOf } from './judge.ts';

/** What is still not as it was last asked for, if anything, and what is said of it. */
export function unfulfilled(scene: Scene, people: People): string | undefined {
  const living = livingOf(scene);
  for (const name of people.names()) {
    const workspace = people.read(name);
    if (!workspace) continue;
    const wants = missing(scene, people, name, workspace, living.get(workspace.metadata.uid) ?? []);
    if (wants && !isReported(workspace, people)) return `${name}: ${wants} (${saidOf(workspace)})`;
  }
  const known = new Set(people.names().map((name) => people.read(name)?.metadata.uid));
  // A status that somebody edits may hide a request that is still on its way: the orphans' controller reports it.
  const orphan = [...living].find(
    ([uid, instances]) => instances.length > 0 && !known.has(uid) && !people.isEdited(uid),
  );
  return orphan && `${orphan[1][0]?.id} has no Workspace`;
}

/** What an edited status names may be anybody's: then a person has to look, and a condition says so. */
function isReported({ metadata, status }: Workspace, people: People): boolean {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return people.isEdited(metadata.uid) && ready?.reason === 'TerminationBlocked';
}

/**
 * Whether a change of a Secret may be missed, as a condition says: it was not on record when the key of its digest was
 * lost (docs/keys.md). One that was on record has a generation of its own.
 */
function mayMissSecret(status: Workspace['status']): boolean {
  const synced = status?.conditions?.find(({ type }) => type === 'SecretsSynced');
  const isOnRecord = (status?.desired?.generation ?? 0) > (status?.launch?.generation ?? 0);
  return synced?.reason === 'KeyLost' && !isOnRecord;
}

function missing(
  scene: Scene,
  people: People,
  name: string,
  { metadata, spec, status }: Workspace,
  [instance, second]: ReturnType<typeof livingOf> extends Map<string, infer Living> ? Living : never,
): string | undefined {
  if (metadata.deletionTimestamp !== undefined) return 'it is not gone';
  const { restart } = spec.requests;
  if (restart !== undefined && status?.handled?.restart !== restart)
    return `restart ${restart} is not answered`;
  if (second) return `${second.id} lives beside ${instance?.id}`;
  const state = instance && currentState(instance);
  if (spec.operatingMode === 'Stopped')
    return state === undefined || state === 'stopped' ? undefined : `its instance is ${state}`;
  if (!instance || state !== 'running') return `its instance is ${state}`;
  if (spec.instanceType !== undefined && instance.type !== spec.instanceType)
    return `its type is ${instance.type} and not ${spec.instanceType}`;
  const klass = instance.instanceProfile;
  if (klass !== spec.className) return `its instance is of class ${klass}`;
  const { images, imageUpdatePolicy } = people.klass(spec.className).spec;
  const [image] = imageUpdatePolicy === 'Automatic' ? images : [];
  if (image?.id !== undefined && instance.imageID !== image.id) return `its image is ${instance.imageID}`;
  const agent = scene.agents.reports().find(({ instanceID }) => instanceID === instance.id);
  const held = agent?.environment ?? {};
  for (const [key, value] of Object.entries(people.environment(name)))
    if (held[key] !== value && !mayMissSecret(status)) return `its agent holds ${held[key]} and not ${value}`;
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return ready?.status === 'True' ? undefined : 'it is not Ready';
}

function saidOf({ spec, status }: Workspace): string {
  const said = status?.conditions?.filter(
    ({ type, status: holds }) =>
      ['Ready', 'UpToDate', 'Stalled'].includes(type) && (type === 'Stalled') === (holds === 'True'),
  );
  const conditions = said?.map(({ type, reason, message }) => `${type} ${reason}: ${message}`) ?? [];
  const { launch } = status ?? {};
  return [`class ${spec.className}, launch ${launch?.number} ${launch?.phase}`, ...conditions].join('; ');
}
