import { type Core, type Target, timestamp } from '../cluster/core.ts';
import { applyConflict, badRequest, StatusError } from '../errors/statusErrors.ts';
import { type Application, type Applied, applyConfiguration, lastAppliedFields } from '../fields/applied.ts';
import { misconfigured } from '../fields/configured.ts';
import { difference, isEmpty, pathsOf, showPath } from '../fields/fieldSet.ts';
import { idOf, type Managed, type Manager, managedBefore } from '../fields/managed.ts';
import { type OwnedWrite, ownedByUpdate, type Taken } from '../fields/ownership.ts';
import { apiVersionOf, type Subresource } from '../kinds/definition.ts';
import { isObject, metaOf, objectAt, stringAt, without } from '../values/json.ts';
import type { JsonObject, JsonValue } from '../values/kinds.ts';
import { viewsOf } from './fieldOwnership.ts';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
/** The one manager that takes objects over from kubectl's client-side apply. */
const KUBECTL = 'kubectl';
const ANNOTATION_BYTES = 256 * 1024;

export interface ApplyOptions {
  subresource: Subresource;
  fieldManager: string;
  force: boolean;
}

/** Throws a 400 for another kind's configuration, a 500 (as the server does) for one that the schema doesn't know. */
function checkConfiguration({ definition }: Target, config: JsonObject): void {
  const { info, strategy } = definition;
  const [apiVersion, kind] = [stringAt(config, 'apiVersion'), stringAt(config, 'kind')];
  const meta = metaOf(config);
  if (meta.managedFields !== undefined) throw badRequest('metadata.managedFields must be nil');
  if (apiVersion !== apiVersionOf(info) || kind !== info.kind) {
    const shown = apiVersion.includes('/') ? apiVersion : `/${apiVersion}`;
    throw badRequest(`invalid object type: ${shown}, Kind=${kind}`);
  }
  const wrong = misconfigured(strategy.fields, config);
  if (wrong.length === 0) return;
  const why = wrong.length === 1 ? wrong[0] : `errors:\n${wrong.map((each) => `  ${each}`).join('\n')}`;
  const object = `${stringAt(meta, 'namespace')}/${stringAt(meta, 'name')}`;
  throw new StatusError(
    500,
    '',
    `failed to create typed patch object (${object}; ${apiVersion}, Kind=${kind}): ${why}`,
  );
}

/** What was there before anybody applied belongs to one manager for all who updated. */
function firstManaged(
  write: OwnedWrite,
  by: Pick<Manager, 'apiVersion' | 'subresource'>,
  empty: JsonObject,
  now: string,
): Managed {
  const manager = { ...by, manager: 'before-first-apply', operation: 'Update' as const };
  return ownedByUpdate(new Map(), manager, { ...write, live: empty, next: write.live }, now);
}

function conflicts(taken: readonly Taken[]): StatusError {
  return applyConflict(
    taken.flatMap(({ owned, set }) =>
      pathsOf(set).map((path) => {
        const name = JSON.stringify(owned.manager);
        const via = owned.subresource === '' ? '' : ` with subresource ${JSON.stringify(owned.subresource)}`;
        const using = owned.operation === 'Update' ? ` using ${owned.apiVersion}` : '';
        return { id: idOf(owned), manager: `${name}${via}${using}`, field: showPath(path) };
      }),
    ),
  );
}

function parsedLastApplied(live: JsonObject): JsonObject | undefined {
  const text = stringAt(objectAt(metaOf(live), 'annotations'), LAST_APPLIED);
  if (text === '') return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    // Somebody wrote something else there: nothing is known of what was applied.
    return undefined;
  }
}

/** Fields that kubectl's own annotation shows to be as client-side apply left them are its to take over. */
function withoutOwnHistory(application: Application, taken: readonly Taken[]): Taken[] {
  const lastApplied = parsedLastApplied(application.live);
  const version = application.viewOf(application.manager.apiVersion);
  if (application.manager.manager !== KUBECTL || lastApplied === undefined || version === undefined)
    return [...taken];
  const own = lastAppliedFields(version.schema, lastApplied, application.live);
  return taken.flatMap(({ owned, set }) => {
    const left = difference(set, own);
    return isEmpty(left) ? [] : [{ owned, set: left }];
  });
}

/** As Go writes maps. */
function sorted(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, each]) => [key, sorted(each)]));
}

/** kubectl keeps the annotation current where there is one, so that client-side apply can take over again. */
function withLastApplied({ live, config, manager }: Application, object: JsonObject): JsonObject {
  const annotations = objectAt(metaOf(object), 'annotations');
  const had = stringAt(objectAt(metaOf(live), 'annotations'), LAST_APPLIED) !== '';
  if (manager.manager !== KUBECTL || !had) return object;
  const own = without(objectAt(metaOf(config), 'annotations'), LAST_APPLIED);
  const metadata: JsonObject = without(metaOf(config), 'annotations');
  if (Object.keys(own).length > 0) metadata.annotations = own;
  const text = `${JSON.stringify(sorted({ ...config, metadata }))}\n`;
  const kept = without(annotations, LAST_APPLIED);
  const next = Buffer.byteLength(text) > ANNOTATION_BYTES ? kept : { ...kept, [LAST_APPLIED]: text };
  return { ...object, metadata: { ...metaOf(object), annotations: next } };
}

/**
 * Lays a configuration over the live object, drops what its applier applies no more, and refuses to change what others
 * own unless it is forced. Throws StatusError.
 * @param empty what a new object is before anything of it is set
 */
export function serverSideApply(
  core: Core,
  target: Target,
  { live, config, empty }: { live: JsonObject; config: JsonObject; empty: JsonObject },
  { subresource, fieldManager, force }: ApplyOptions,
): Pick<Applied, 'object' | 'managed'> {
  checkConfiguration(target, config);
  const { definition } = target;
  const apiVersion = apiVersionOf(definition.info);
  const now = timestamp(core.clock);
  const viewOf = viewsOf(core, definition);
  const ignored = definition.strategy.ignoredFields[subresource];
  const known = managedBefore(metaOf(live), {}, subresource);
  const managed =
    known.size > 0
      ? known
      : firstManaged({ live, next: live, viewOf, ignored }, { apiVersion, subresource }, empty, now);
  const application: Application = {
    live,
    config,
    managed,
    manager: { manager: fieldManager, operation: 'Apply', apiVersion, subresource },
    viewOf,
    ignored,
    now,
  };
  const applied = applyConfiguration(application);
  if (applied === undefined) throw badRequest(`${apiVersion} is not served`);
  const contested = force ? [] : withoutOwnHistory(application, applied.taken);
  if (contested.length > 0) throw conflicts(contested);
  const object = withLastApplied(application, applied.object);
  // Dropped with the rest of the metadata when nothing in it is anybody's; an apply needs no version.
  const { resourceVersion = metaOf(live).resourceVersion } = metaOf(object);
  const metadata = { ...metaOf(object), ...(resourceVersion === undefined ? {} : { resourceVersion }) };
  return { object: { ...object, metadata }, managed: applied.managed };
}
