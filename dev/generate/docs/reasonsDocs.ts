import { CLASS_ASPECT_TYPES, CLASS_EVENTS, classReasons } from '../../../src/api/reasons/classReasons.ts';
import { ASPECT_TYPES, aspectReasons } from '../../../src/api/reasons/conditionReasons.ts';
import { OPERATOR_EVENTS, WORKSPACE_EVENTS } from '../../../src/api/reasons/eventReasons.ts';
import { READY_REASONS, UP_TO_DATE_REASONS } from '../../../src/api/reasons/reasons.ts';
import { code, table } from './markdown.ts';

type Described = Readonly<Record<string, { means: string; todo: string }>>;

function reasonsTable(reasons: Described, ...more: string[][]): string {
  const rows = Object.entries(reasons).map(([reason, { means, todo }]) => [code(reason), means, todo]);
  return table(['Reason', 'What it means', 'What to do'], [...rows, ...more]);
}

/** Regions of docs/troubleshooting.md. */
export function troubleshootingRegions(): Record<string, string> {
  return {
    ready: reasonsTable(READY_REASONS),
    upToDate: reasonsTable(UP_TO_DATE_REASONS, [
      'Any of Ready’s',
      'That is what keeps the change from being carried out.',
      'See above.',
    ]),
    aspects: table(
      ['Condition', 'Reason', 'What it means'],
      ASPECT_TYPES.flatMap((type) =>
        Object.entries(aspectReasons(type)).map(([reason, { means }]) => [code(type), code(reason), means]),
      ),
    ),
    classes: table(
      ['Condition', 'Reason', 'What it means', 'What to do'],
      CLASS_ASPECT_TYPES.flatMap((type) =>
        Object.entries(classReasons(type)).map(([reason, { grave, means, todo }]) => [
          code(type),
          `${code(reason)}${grave ? ' (not Ready)' : ''}`,
          means,
          todo,
        ]),
      ),
    ),
  };
}

/** Rows of docs/metrics-and-events.md. */
export function workspaceEvents(): string {
  return eventsTable(
    Object.entries(WORKSPACE_EVENTS).map(([reason, { type, when }]) => [reason, type, when]),
  );
}

export function operatorEvents(): string {
  return table(
    ['Reason', 'Type', 'About', 'When'],
    Object.entries(OPERATOR_EVENTS).map(([reason, { about, type, when }]) => [
      code(reason),
      type,
      about,
      when,
    ]),
  );
}

export function classEvents(): string {
  const rows = CLASS_ASPECT_TYPES.flatMap((type) =>
    Object.entries(classReasons(type)).map(([, { event, means }]) => [event, CLASS_EVENTS[event], means]),
  );
  return eventsTable([...new Map(rows.map((row) => [row[0], row])).values()]);
}

function eventsTable(rows: readonly (readonly string[])[]): string {
  return table(
    ['Reason', 'Type', 'When'],
    rows.map(([reason = '', ...rest]) => [code(reason), ...rest]),
  );
}
