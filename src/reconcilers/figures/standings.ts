import type { Workspace } from '../../api/kinds/workspace.ts';
import { objectKey, type Store } from '../../controller/cache/store.ts';
import { createLine, type Line, momentOf, readMoment } from '../fleet/lines/line.ts';
import { FIXERS, type Figure, type FixedBy, figureOf } from './figure.ts';

/** What the Workspaces of one class come to. */
export interface ClassStanding {
  /** How many have each reason of Ready; those that none has are absent. */
  readonly reasons: ReadonlyMap<string, number>;
  /** Since when the one that has been down longest is, wall ms. */
  downSince(fixedBy: FixedBy): number | undefined;
  /** The same of those that have instances to end. */
  endingSince(): number | undefined;
}

interface Sums extends ClassStanding {
  readonly reasons: Map<string, number>;
  add(figure: Figure): void;
  remove(figure: Figure): void;
}

/**
 * The sums over each class that a Workspace names, whether or not there is such a class. They change with each Workspace, so
 * that a scrape costs as much as there are classes, however many Workspaces there are.
 */
export function createStandings(
  workspaces: Pick<Store<Workspace>, 'list' | 'onChange'>,
): ReadonlyMap<string, ClassStanding> {
  const classes = new Map<string, Sums>();
  const figures = new Map<string, Figure>();

  function put(figure: Figure): void {
    remove(figure.key);
    figures.set(figure.key, figure);
    const sums = classes.get(figure.className) ?? createSums();
    classes.set(figure.className, sums);
    sums.add(figure);
  }

  function remove(key: string): void {
    const figure = figures.get(key);
    const sums = figure && classes.get(figure.className);
    if (!sums) return;
    figures.delete(key);
    sums.remove(figure);
    if (sums.reasons.size === 0) classes.delete(figure.className);
  }

  for (const workspace of workspaces.list()) put(figureOf(workspace));
  workspaces.onChange(({ type, object }) => {
    if (type === 'deleted') remove(objectKey(object));
    else put(figureOf(object));
  });
  return classes;
}

function createSums(): Sums {
  const reasons = new Map<string, number>();
  const down: Record<FixedBy, Line> = { owner: createLine(), capacity: createLine(), platform: createLine() };
  const ending = createLine();
  const first = (line: Line) => {
    const place = line.first();
    return place && readMoment(place);
  };

  function count(figure: Figure, by: 1 | -1): void {
    const { key, reason, endingSince } = figure;
    const left = (reasons.get(reason) ?? 0) + by;
    if (left > 0) reasons.set(reason, left);
    else reasons.delete(reason);
    for (const fixedBy of FIXERS) {
      if (figure.down?.fixedBy === fixedBy) move(down[fixedBy], figure.down.since, key, by);
    }
    if (endingSince !== undefined) move(ending, endingSince, key, by);
  }

  return {
    reasons,
    add: (figure) => count(figure, 1),
    remove: (figure) => count(figure, -1),
    downSince: (fixedBy) => first(down[fixedBy]),
    endingSince: () => first(ending),
  };
}

function move(line: Line, at: number, key: string, by: 1 | -1): void {
  const place = { order: momentOf(at, key), key };
  if (by > 0) line.add(place);
  else line.remove(place);
}
