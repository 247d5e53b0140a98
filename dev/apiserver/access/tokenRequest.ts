import { tokenRequest } from '../builtins/reviewKinds.ts';
import { serviceAccountDefinition } from '../builtins/serviceAccount.ts';
import { timestamp } from '../cluster/core.ts';
import { invalidValue } from '../errors/causes.ts';
import { invalidReview, methodNotAllowed, notFound } from '../errors/statusErrors.ts';
import type { ApiRequest, ApiResponse } from '../request/http.ts';
import type { ResourcePath } from '../request/requestInfo.ts';
import { objectKey } from '../storage/store.ts';
import { metaOf, objectAt, stringAt, stringsAt } from '../values/json.ts';
import { type Access, decodedReview, reviewAnswer } from './reviews.ts';
import { ISSUER } from './tokens.ts';

const SHORTEST_SECONDS = 600;
const USUAL_SECONDS = 3600;

/** `kubectl create token`: POST to a ServiceAccount’s token. Throws StatusError. */
export function serveTokenRequest(
  { core, tokens }: Access,
  request: ApiRequest,
  path: ResourcePath,
): ApiResponse {
  if (request.method !== 'POST') throw methodNotAllowed();
  const { namespace, name } = path;
  const account = core.store.get(serviceAccountDefinition.storage, objectKey(namespace, name));
  if (account === undefined) throw notFound(serviceAccountDefinition.info, name);
  const spec = objectAt(decodedReview(tokenRequest, request), 'spec');
  const { expirationSeconds: seconds = USUAL_SECONDS } = spec;
  if (typeof seconds !== 'number' || seconds < SHORTEST_SECONDS) {
    const why = 'may not specify a duration less than 10 minutes';
    const cause = invalidValue('spec.expirationSeconds', seconds, why);
    throw invalidReview('authentication.k8s.io', [cause], 'TokenRequest');
  }
  const asked = stringsAt(spec, 'audiences');
  const audiences = asked.length > 0 ? asked : [ISSUER];
  const uid = stringAt(metaOf(account), 'uid');
  const { token, expiresAt } = tokens.issue({ namespace, name, uid }, audiences, seconds);
  const expirationTimestamp = `${new Date(expiresAt).toISOString().slice(0, 19)}Z`;
  return reviewAnswer(tokenRequest, {
    metadata: { name, namespace, creationTimestamp: timestamp(core.clock) },
    spec: { audiences, expirationSeconds: seconds, boundObjectRef: null },
    status: { token, expirationTimestamp },
  });
}
