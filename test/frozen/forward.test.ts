import { expect, test } from 'vitest';
import type { JsonObject } from '../../dev/apiserver/values/kinds.ts';
import { PRESENT } from './operator.ts';
import { follow } from './play/course.ts';
import type { World } from './play/world.ts';
import { presentSchemas, readFrozen, readSchemas, states } from './releases.ts';

const FOREVER = [Number.POSITIVE_INFINITY] as const;

test.each(states)(
  'what $release left in $name leads to what it calls for, and to nothing else',
  async (state) => {
    const schemas = readSchemas(state);
    const written: { storage: string; object: JsonObject }[] = [];
    const start = ({ scene }: World) => {
      for (const storage of schemas.keys()) {
        const change = ({ object }: { object: JsonObject }) => void written.push({ storage, object });
        scene.api.state.subscribe(storage, { change, reset: () => undefined });
      }
    };
    await follow(readFrozen(state), { codes: [PRESENT], lengths: FOREVER, start });
    // A release that comes back finds its own fields as its own definitions demand them.
    for (const { storage, object } of written) {
      const schema = schemas.get(storage);
      const wrong = schema?.validate(schema.admit(object).object);
      expect({ object, wrong }).toEqual({ object, wrong: [] });
    }
  },
);

test.each(states)('this release’s definitions know all that $release left in $name', (state) => {
  const { objects } = readFrozen(state).objects;
  for (const [storage, schema] of presentSchemas()) {
    for (const [key, object] of Object.entries(objects[storage] ?? {})) {
      const { unknown, object: admitted } = schema.admit(object);
      const wrong = schema.validate(admitted);
      expect({ key, unknown, wrong }).toEqual({ key, unknown: [], wrong: [] });
    }
  }
});
