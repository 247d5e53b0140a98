import { z } from 'zod';
import { EVENTS } from '../../../src/controller/events/eventBody.ts';
import { NAMESPACE } from '../scene/objects.ts';
import type { Scene } from '../scene/scene.ts';

const recordedEvent = z.object({
  type: z.string(),
  reason: z.string(),
  note: z.string(),
  regarding: z.object({ kind: z.string(), name: z.string() }),
});

/** The events about one Workspace. (Those about classes are in the same namespace.) */
export async function eventsOf(scene: Scene, name: string) {
  const { items } = await scene.kube.list(EVENTS, { namespace: NAMESPACE });
  const events = items.map((item) => recordedEvent.parse(item));
  return events.filter(({ regarding }) => regarding.kind === 'Workspace' && regarding.name === name);
}
