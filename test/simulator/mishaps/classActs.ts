import type { People } from '../scene/people.ts';
import type { Scene } from '../scene/scene.ts';
import { TYPES } from '../scene/shape.ts';
import type { Images } from './images.ts';
import { type Act, pick as pickOf, upTo, type Weighted, weighted } from './weighted.ts';

const GROUP = 'sg-01111111111111111';
const BY_TAGS = { tags: { workspaces: 'true' } };

/** What a platform team does to its classes and images. */
export function classActs({ random }: Scene, people: People, images: Images): Act {
  const pick = <T>(items: readonly T[]): T => pickOf(random, items);
  const architecture = 'x86_64';
  /** Otherwise a newer image is for the next launch. */
  const isAutomatic = (name: string) => people.klass(name).spec.imageUpdatePolicy === 'Automatic';
  let edits = 0;

  const choices: Weighted<(name: string) => Promise<string>> = [
    [
      3,
      async (name) => {
        const isBroken = random.next() < 0.4;
        if (isAutomatic(name)) people.countClassChange(name);
        await people.editClass(name, { images: [{ architecture, id: images.release(isBroken) }] });
        return `class ${name} has another image${isBroken ? ', which can’t boot' : ''}`;
      },
    ],
    [
      1,
      async () => {
        const isBroken = random.next() < 0.3;
        for (const name of people.classes()) if (isAutomatic(name)) people.countClassChange(name);
        return `image ${images.publish(isBroken)} is published${isBroken ? ', which can’t boot' : ''}`;
      },
    ],
    [
      2,
      async (name) => {
        const first = upTo(random, TYPES.length);
        const types = [...TYPES.slice(first), ...TYPES.slice(0, first)].slice(0, 2 + upTo(random, 2));
        people.countClassChange(name);
        await people.editClass(name, { instanceTypes: types.map((type) => ({ name: type })) });
        return `class ${name} has types ${types}`;
      },
    ],
    [
      1,
      async (name) => {
        edits += 1;
        await people.editClass(name, { tags: { edit: `${edits}` } });
        return `class ${name} has other tags`;
      },
    ],
    [
      2,
      async (name) => {
        const maxUnavailable = pick(['1', '2', '3', '50%']);
        await people.editClass(name, { rollout: { maxUnavailable } });
        return `class ${name}: maxUnavailable ${maxUnavailable}`;
      },
    ],
    [
      1,
      async (name) => {
        const maxInstances = pick([2, 4, 6, null]);
        await people.editClass(name, { maxInstances });
        return `class ${name}: maxInstances ${maxInstances}`;
      },
    ],
    [
      2,
      async (name) => {
        // Selects the same groups: nothing that an instance would notice.
        const securityGroups = pick([[BY_TAGS], [{ id: GROUP }, BY_TAGS], [BY_TAGS, { id: GROUP }]]);
        await people.editClass(name, { securityGroups });
        return `class ${name} says its security groups in another way`;
      },
    ],
    [
      1,
      async (name) => {
        edits += 1;
        await people.editClass(name, { requests: { resume: `resume-${edits}` } });
        return `class ${name} is to resume`;
      },
    ],
  ];

  return () => weighted(random, choices)(pick(people.classes()));
}
