import { expect } from 'vitest';
import { story } from '../driver/story.ts';
import { MINUTE } from '../driver/time.ts';

story('a newer image is rolled out where the class says Automatic, and nowhere else', {}, async (world) => {
  await world.createClass('automatic', { imageUpdatePolicy: 'Automatic' });
  const [first] = world.cloud.account.images;
  for (const name of ['a', 'b', 'c']) {
    await world.putSecret(`${name}-env`, { OWN: name });
    await world.createWorkspace(name, { className: name === 'c' ? 'standard' : 'automatic' });
  }
  await world.untilAllReady(1);
  expect(world.klass('automatic').status?.resolvedImages?.[0]?.id).toBe(first?.id);
  const image = world.releaseImage();
  for (const name of ['a', 'b']) {
    const { status } = await world.untilReady(name, 2);
    expect(status?.launch).toMatchObject({ cause: { kind: 'ClassChanged' }, params: { imageID: image } });
    expect(status?.desired?.changed).toEqual(['image/x86_64']);
  }
  await world.until(
    'the other class knows it too',
    () => world.klass('standard').status?.resolvedImages?.[0]?.id === image,
  );
  await world.pass(20 * MINUTE);
  expect(['a', 'b', 'c'].map((name) => world.provisions(name).length)).toEqual([2, 2, 1]);
});
