import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createFairLine, type FairLine, type Place } from './fairLine.ts';

const any = () => true;

function place(namespace: string, order: number, more: Partial<Place> = {}): Place {
  const padded = String(order).padStart(4, '0');
  return { id: `${namespace}-${padded}`, namespace, order: padded, ready: true, ...more };
}

/** Serves until nobody is left that may be; the ids in order. */
function serveAll(line: FairLine<Place>, may: (place: Place) => boolean = any): string[] {
  const served: string[] = [];
  for (let next = line.peek(may); next; next = line.peek(may)) {
    line.serve(next);
    served.push(next.id);
  }
  return served;
}

const arbitraryPlaces = fc.uniqueArray(
  fc.record({ namespace: fc.constantFrom('a', 'b', 'c', 'd'), order: fc.nat(40), ready: fc.boolean() }),
  { maxLength: 60, selector: ({ namespace, order }) => `${namespace}${order}` },
);

describe('a fair line', () => {
  test('serves the oldest of each namespace in turn', () => {
    const line = createFairLine();
    for (const it of [place('a', 3), place('a', 1), place('b', 9), place('a', 2), place('b', 8)])
      line.put(it);
    expect(serveAll(line)).toEqual(['a-0001', 'b-0008', 'a-0002', 'b-0009', 'a-0003']);
  });

  test('one that joins a line of hundreds is served within one round', () => {
    const line = createFairLine();
    for (let order = 0; order < 300; order += 1) line.put(place('many', order));
    serveOne(line);
    line.put(place('one', 999));
    expect(serveAll(line).indexOf('one-0999')).toBeLessThanOrEqual(1);
  });

  test('one that is not ready is passed over, and is the first once it is', () => {
    const line = createFairLine();
    line.put(place('a', 1, { ready: false }));
    line.put(place('a', 2));
    line.put(place('b', 1));
    expect(line.peek(any)?.id).toBe('a-0002');
    line.put(place('a', 1));
    expect(serveAll(line)).toEqual(['a-0001', 'b-0001', 'a-0002']);
  });

  test('asking again costs no rank', () => {
    const line = createFairLine();
    line.put(place('a', 1));
    line.put(place('b', 1));
    line.put(place('a', 1));
    expect(serveAll(line)).toEqual(['a-0001', 'b-0001']);
  });

  test('in any line the returned rank is the number that are served before', () => {
    fc.assert(
      fc.property(arbitraryPlaces, fc.nat(20), (places, alreadyServed) => {
        const line = createFairLine();
        for (const { namespace, order } of places) line.put(place(namespace, order));
        for (let count = 0; count < alreadyServed && line.length > 0; count += 1) serveOne(line);
        const left = places
          .map(({ namespace, order }) => place(namespace, order).id)
          .filter((id) => line.get(id));
        const expected = new Map(left.map((id) => [id, line.ahead(id)]));
        expect(line.length).toBe(left.length);
        for (const [rank, id] of serveAll(line).entries()) expect(expected.get(id)).toBe(rank);
      }),
    );
  });

  test('in any line each ready place is served once, and no namespace twice in a round of others', () => {
    fc.assert(
      fc.property(arbitraryPlaces, (places) => {
        const line = createFairLine();
        for (const { namespace, order, ready } of places) line.put(place(namespace, order, { ready }));
        const ready = places.filter((it) => it.ready);
        expect(line.ready).toBe(ready.length);
        const served = serveAll(line);
        expect(served.toSorted()).toEqual(
          ready.map(({ namespace, order }) => place(namespace, order).id).toSorted(),
        );
        const left = new Map<string, number>();
        for (const { namespace } of ready) left.set(namespace, (left.get(namespace) ?? 0) + 1);
        let since = new Map<string, number>();
        for (const id of served) {
          const namespace = id.slice(0, 1);
          for (const [other, count] of left)
            if (other !== namespace && count > 0) since.set(other, (since.get(other) ?? 0) + 1);
          since = new Map([...since].filter(([other]) => other !== namespace));
          left.set(namespace, (left.get(namespace) ?? 0) - 1);
          for (const waited of since.values()) expect(waited).toBeLessThanOrEqual(3);
        }
      }),
    );
  });

  test('the rank of one that would join is at most the number that are then served before it', () => {
    fc.assert(
      fc.property(arbitraryPlaces, (places) => {
        const line = createFairLine();
        for (const { namespace, order } of places) line.put(place(namespace, order));
        const expected = line.aheadOfNew('a');
        line.put(place('a', 9999));
        expect(line.ahead('a-9999')).toBeLessThanOrEqual(expected);
      }),
    );
  });
});

function serveOne(line: FairLine<Place>): void {
  const next = line.peek(any);
  if (next) line.serve(next);
}
