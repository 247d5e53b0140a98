import { describe, expect, test } from 'vitest';
import { createVirtualClock } from '../../test/support/base/virtualClock.ts';
import { createNarrator } from './narrator.ts';

function stage(isTTY: boolean) {
  const clock = createVirtualClock();
  let text = '';
  const out = { isTTY, columns: 60, write: (more: string) => (text += more) };
  return { clock, text: () => text, narrator: createNarrator({ out, clock, color: false }) };
}

describe('a narrator', () => {
  test('says when, since the beginning, and wraps to the terminal', async () => {
    const { clock, narrator, text } = stage(false);
    await clock.advance(1_250);
    narrator.print('one two three four five six seven eight nine ten eleven twelve');
    expect(text()).toBe(
      '  1.3 s    one two three four five six seven eight nine ten\n             eleven twelve\n',
    );
  });

  test('is never silent for long while it waits, without a terminal too', async () => {
    const { clock, narrator, text } = stage(false);
    let finish: (value: string) => void = () => undefined;
    const work = new Promise<string>((resolve) => {
      finish = resolve;
    });
    const waited = narrator.waiting(() => 'the instance boots', work);
    await clock.advance(2_000);
    expect(text()).toBe('');
    await clock.advance(6_000);
    expect(text().match(/… the instance boots/g)).toHaveLength(3);
    expect(text()).not.toContain('\u001b');
    finish('done');
    expect(await waited).toBe('done');
    expect(clock.pending()).toBe(0);
  });

  test('at a terminal the waiting line is one line, cut to its width, and gone afterwards', async () => {
    const { clock, narrator, text } = stage(true);
    const failing = Promise.reject(new Error('no'));
    failing.catch(() => undefined);
    const waited = narrator.waiting(() => 'x'.repeat(100), failing);
    await expect(waited).rejects.toThrow('no');
    await clock.settle();
    const lines = text().split('\r\u001b[2K');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(60);
    expect(lines.at(-1)).toBe('');
    expect(text()).not.toContain('\n');
    expect(clock.pending()).toBe(0);
  });
});
