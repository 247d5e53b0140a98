import type { KindInfo } from '../values/kinds.ts';
import type { Shape } from '../values/shapes.ts';

const attributes: Record<string, Shape> = {
  resourceAttributes: {
    fields: {
      namespace: 'string',
      verb: 'string',
      group: 'string',
      version: 'string',
      resource: 'string',
      subresource: 'string',
      name: 'string',
      fieldSelector: 'any',
      labelSelector: 'any',
    },
  },
  nonResourceAttributes: { fields: { path: 'string', verb: 'string' } },
};
const subject: Record<string, Shape> = {
  ...attributes,
  user: 'string',
  groups: { list: 'string' },
  extra: 'any',
  uid: 'string',
};

/** A question that is put by creating it, and never stored. */
export interface ReviewKind {
  info: KindInfo;
  shape: Shape;
}

function review(group: string, kind: string, spec: Record<string, Shape>, namespaced = false): ReviewKind {
  const plural = `${kind.toLowerCase()}s`;
  return {
    info: {
      group: `${group}.k8s.io`,
      version: 'v1',
      plural,
      singular: kind.toLowerCase(),
      kind,
      listKind: `${kind}List`,
      shortNames: [],
      categories: [],
      namespaced,
      verbs: ['create'],
      statusSubresource: false,
      columns: [],
    },
    shape: {
      fields: {
        apiVersion: 'string',
        kind: 'string',
        metadata: 'any',
        spec: { fields: spec },
        status: 'any',
      },
    },
  };
}

export const tokenReview = review('authentication', 'TokenReview', {
  token: 'string',
  audiences: { list: 'string' },
});
export const selfSubjectReview = review('authentication', 'SelfSubjectReview', {});
export const subjectAccessReview = review('authorization', 'SubjectAccessReview', subject);
export const localSubjectAccessReview = review('authorization', 'LocalSubjectAccessReview', subject, true);
export const selfSubjectAccessReview = review('authorization', 'SelfSubjectAccessReview', attributes);
export const selfSubjectRulesReview = review('authorization', 'SelfSubjectRulesReview', {
  namespace: 'string',
});

/** Not a kind with a path of its own: it is a subresource of a ServiceAccount. */
export const tokenRequest = review('authentication', 'TokenRequest', {
  audiences: { list: 'string' },
  expirationSeconds: 'integer',
  boundObjectRef: 'any',
});

const all = [
  tokenReview,
  selfSubjectReview,
  subjectAccessReview,
  localSubjectAccessReview,
  selfSubjectAccessReview,
  selfSubjectRulesReview,
];

export const reviewInfos: readonly KindInfo[] = all.map(({ info }) => info);

/** The review that a path names, for any request. */
export function reviewAt(path: Pick<KindInfo, 'group' | 'version' | 'plural'>): ReviewKind | undefined {
  return all.find(
    ({ info }) => info.group === path.group && info.version === path.version && info.plural === path.plural,
  );
}
