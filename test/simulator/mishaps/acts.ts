import type { Workspace } from '../../../src/api/kinds/workspace.ts';
import type { People } from '../scene/people.ts';
import type { Scene } from '../scene/scene.ts';
import { type Shape, TYPES } from '../scene/shape.ts';
import { classActs } from './classActs.ts';
import type { Images } from './images.ts';
import { type Act, pick as pickOf, type Weighted, weighted } from './weighted.ts';

/** What people want of their Workspaces and classes, one thing at each call. */
export function createActs(scene: Scene, people: People, shape: Shape, images: Images): Act {
  const { random } = scene;
  const pick = <T>(items: readonly T[]): T => pickOf(random, items);
  let requests = 0;

  const wishes: Weighted<(name: string, it: Workspace) => Promise<string>> = [
    [
      8,
      async (name) => {
        await people.renewSecret(name);
        return `another secret for ${name}`;
      },
    ],
    [
      3,
      async (name) => {
        requests += 1;
        await people.edit(name, { requests: { restart: `r${requests}` } });
        return `restart of ${name}`;
      },
    ],
    [
      3,
      async (name, { spec }) => {
        const operatingMode = spec.operatingMode === 'Stopped' ? 'Running' : 'Stopped';
        await people.edit(name, { operatingMode });
        return `${name} ${operatingMode}`;
      },
    ],
    [
      3,
      async (name, { spec, status }) => {
        const has = status?.instance?.type;
        const instanceType = pick([...TYPES.filter((type) => type !== spec.instanceType), null, has ?? null]);
        // What it has already, or no wish of its own any more, calls for nothing.
        if (instanceType !== null && instanceType !== has) people.countChange(name);
        await people.edit(name, { instanceType });
        return `${name} is to be of type ${instanceType}, and is ${has}`;
      },
    ],
    [
      3,
      async (name, { spec }) => {
        await people.edit(name, { paused: !spec.paused });
        return `${name} is ${spec.paused ? 'no longer ' : ''}paused`;
      },
    ],
    [
      2,
      async (name, { spec }) => {
        const className = pick(people.classes().filter((it) => it !== spec.className));
        people.countChange(name);
        await people.edit(name, { className });
        return `${name} moves to class ${className}`;
      },
    ],
    [
      2,
      async (name) => {
        await people.remove(name);
        return `deletion of ${name}`;
      },
    ],
  ];

  const ofClass = classActs(scene, people, images);
  return async () => {
    const choice = random.next();
    if (choice < 0.15) return ofClass();
    if (choice < 0.25 && shape.shares) {
      const namespace = pick(shape.namespaces);
      await people.renewShared(namespace);
      return `another secret for all of ${namespace}`;
    }
    const name = pick(people.names());
    const workspace = people.read(name);
    if (workspace?.metadata.deletionTimestamp !== undefined) return `${name} is being deleted`;
    if (workspace) return weighted(random, wishes)(name, workspace);
    await people.create(name);
    return `${name} is created again`;
  };
}

/** From here on people want nothing new, and what they hold back they let go. */
export async function relent(people: People, images: Images): Promise<void> {
  for (const name of people.classes()) {
    const { spec } = people.klass(name);
    await people.editClass(name, {
      images: images.repaired(spec.images),
      instanceTypes: TYPES.map((type) => ({ name: type })),
      maxInstances: null,
      requests: { resume: 'calm' },
    });
    people.countClassChange(name);
  }
  for (const name of people.names())
    if (people.read(name)?.spec.paused) await people.edit(name, { paused: false });
}
