import { z } from 'zod';
import { EVENTS } from '../../src/controller/eventBody.ts';
import { NAMESPACE, type Scene } from './harness.ts';

const recordedEvent = z.object({
  type: z.string(),
  reason: z.string(),
  note: z.string(),
  regarding: z.object({ name: z.string() }),
});

/** The events about one Workspace. */
export async function eventsOf(scene: Scene, name: string) {
  const { items } = await scene.kube.list(EVENTS, { namespace: NAMESPACE });
  return items.map((item) => recordedEvent.parse(item)).filter(({ regarding }) => regarding.name === name);
}
