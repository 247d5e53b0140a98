import { forbiddenField, notSupported } from '../errors/causes.ts';
import { badRequest, invalidOptions } from '../errors/statusErrors.ts';
import type { FieldCause } from '../values/kinds.ts';

/** The rules of apimachinery's internalversion/validation. */

function watchCauses(match: string, sendInitialEvents: boolean): FieldCause[] {
  const causes: FieldCause[] = [];
  if (sendInitialEvents && match !== 'NotOlderThan') {
    const why = 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan';
    causes.push(forbiddenField('resourceVersionMatch', why));
  }
  if (match === '') return causes;
  if (!sendInitialEvents) {
    const why = 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided';
    causes.push(forbiddenField('resourceVersionMatch', why));
  }
  if (match !== 'NotOlderThan') causes.push(notSupported('resourceVersionMatch', match, ['NotOlderThan']));
  return causes;
}

function listCauses(query: URLSearchParams, match: string, sendInitialEvents: boolean): FieldCause[] {
  const causes: FieldCause[] = [];
  const forbid = (why: string) =>
    causes.push(forbiddenField('resourceVersionMatch', `resourceVersionMatch ${why}`));
  const version = query.get('resourceVersion') ?? '';
  if (match !== '') {
    if (version === '') forbid('is forbidden unless resourceVersion is provided');
    if (query.get('continue')) forbid('is forbidden when continue is provided');
    if (match !== 'Exact' && match !== 'NotOlderThan')
      causes.push(notSupported('resourceVersionMatch', match, ['Exact', 'NotOlderThan', '']));
    if (match === 'Exact' && version === '0') forbid('"exact" is forbidden for resourceVersion "0"');
  }
  if (sendInitialEvents)
    causes.push(forbiddenField('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  return causes;
}

/** Throws a 400 for numbers that are none, and a 422 for parameters that don't go together. */
export function checkListOptions(query: URLSearchParams, verb: 'list' | 'watch'): void {
  for (const field of ['limit', 'timeoutSeconds']) {
    const text = query.get(field) ?? '';
    if (!/^-?\d*$/.test(text)) throw badRequest(`strconv.ParseInt: parsing "${text}": invalid syntax`);
  }
  const match = query.get('resourceVersionMatch') ?? '';
  const sendInitialEvents = query.has('sendInitialEvents');
  const causes =
    verb === 'watch' ? watchCauses(match, sendInitialEvents) : listCauses(query, match, sendInitialEvents);
  if (causes.length > 0) throw invalidOptions('ListOptions', causes);
}
