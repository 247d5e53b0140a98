import { z } from 'zod';
import type { Store } from '../storage/store.ts';
import type { JsonValue } from '../values/kinds.ts';
import { type Counters, countersJson } from './counters.ts';
import { matchSchema } from './faultSchema.ts';
import type { Faults } from './faults.ts';

interface ControlParts {
  core: { store: Store };
  faults: Faults;
  counters: Counters;
}

interface ControlResponse {
  status: number;
  headers: Record<string, string>;
  body?: JsonValue;
}

const compaction = z.strictObject({ resourceVersion: z.int().min(1).optional() });

function answer(status: number, body: JsonValue): ControlResponse {
  return { status, headers: {}, body };
}

function active(faults: Faults): JsonValue {
  // Through JSON, so that absent options are absent.
  return JSON.parse(JSON.stringify(faults.active())) as JsonValue;
}

function route(
  parts: ControlParts,
  method: string,
  what: string,
  id: string,
  body: unknown,
): ControlResponse {
  const { faults, counters } = parts;
  const { store } = parts.core;
  switch (`${method} ${what}`) {
    case 'GET faults':
      return answer(200, { faults: active(faults) });
    case 'POST faults':
      return answer(201, { id: faults.add(body as Parameters<Faults['add']>[0]).id });
    case 'DELETE faults':
      if (id === '') faults.clear();
      else if (!faults.remove(Number(id))) return answer(404, { error: `there is no fault ${id}` });
      return answer(200, { faults: active(faults) });
    case 'POST compact':
      store.compact(compaction.parse(body ?? {}).resourceVersion);
      return answer(200, { compacted: store.compacted() });
    case 'POST close-watches':
      return answer(200, { closed: faults.closeWatches(matchSchema.parse(body ?? {})) });
    case 'GET counters':
      return answer(200, countersJson(counters));
    case 'DELETE counters':
      counters.reset();
      return answer(200, countersJson(counters));
    default:
      return answer(404, {
        error: `no ${method} /_control/${what}; there are faults, compact, close-watches and counters`,
      });
  }
}

/** Faults and counters over HTTP: /_control/faults[/ID], /_control/compact, /_control/close-watches, /_control/counters. */
export function control(parts: ControlParts, method: string, path: string, text: string): ControlResponse {
  const [, , what = '', id = ''] = path.split('/');
  try {
    return route(parts, method, what, id, text === '' ? undefined : JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) return answer(400, { error: 'the body is not JSON' });
    if (error instanceof z.ZodError) return answer(400, { error: z.prettifyError(error) });
    throw error;
  }
}
