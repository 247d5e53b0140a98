import { SETTINGS, type Setting } from '../../../src/config/settings.ts';

/** Settings that have a value of the chart of their own, or that a Pod gives. */
const OWN: ReadonlySet<string> = new Set([
  'kubernetes.kubeconfig',
  'kubernetes.namespace',
  'kubernetes.watchNamespaces',
  'aws.region',
  'aws.accountID',
  'aws.eventsQueueUrl',
  'database.url',
  'database.caFile',
  'database.passwordFile',
  'gateway.url',
  'gateway.caFile',
  'gateway.listenHost',
  'gateway.listenPort',
  'gateway.tlsCertFile',
  'gateway.tlsKeyFile',
  'gateway.identityCertificatesFile',
  'observability.metricsListenHost',
  'observability.metricsListenPort',
  'observability.healthListenHost',
  'observability.healthListenPort',
]);

const text = { type: 'string' };
const flag = { type: 'boolean' };
const texts = { type: 'object', additionalProperties: text };
const anything = { type: 'object' };
const items = { type: 'array', items: anything };
const port = { type: 'integer', minimum: 1, maximum: 65_535 };
const replicas = { type: 'integer', minimum: 1, maximum: 20 };

const matching = (pattern: string, maxLength?: number) => ({ type: 'string', pattern, maxLength });
/** Names of objects: RFC 1123 subdomains. */
const NAME = '[a-z0-9]([-.a-z0-9]*[a-z0-9])?';
const name = matching(`^${NAME}$`, 253);
const nameOrNone = matching(`^(${NAME})?$`, 253);
/** Of a Secret or a ConfigMap, and thus a file's name. */
const key = matching('^[-_a-zA-Z0-9]([-._a-zA-Z0-9]*[-_a-zA-Z0-9])?$', 253);
const namespaces = {
  type: 'array',
  items: matching('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', 63),
  uniqueItems: true,
};
const references = {
  type: 'array',
  items: { type: 'object', required: ['name'], properties: { name }, additionalProperties: false },
};
/** Selectors rest on the first two, and the last two give rights and mean something to the operator. */
const RESERVED =
  '^(app[.]kubernetes[.]io|helm[.]sh|rbac[.]authorization[.]k8s[.]io|compute[.]molecule[.]ai)/';
const labels = {
  type: 'object',
  additionalProperties: matching('^([a-zA-Z0-9]([-._a-zA-Z0-9]*[a-zA-Z0-9])?)?$', 63),
  propertyNames: {
    pattern: '^([a-z0-9]([-.a-z0-9]*[a-z0-9])?/)?[a-zA-Z0-9]([-._a-zA-Z0-9]{0,61}[a-zA-Z0-9])?$',
    not: { pattern: RESERVED },
  },
};

/** Each key is there: one that is set to null, which takes its default away, is named and not taken for empty. */
function object(properties: Record<string, unknown>) {
  return { type: 'object', additionalProperties: false, required: Object.keys(properties), properties };
}

const monitor = object({
  enabled: flag,
  labels,
  // Prometheus's durations.
  interval: matching('^(([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?)$'),
});
const serviceAccount = object({ annotations: texts });

/** The settings that the chart's `settings` take. */
export const CHART_SETTINGS: readonly Setting[] = SETTINGS.filter(({ path }) => !OWN.has(path));

/** What the chart sets in each container. One more of that name is refused by server-side apply, which Helm 4 uses. */
const OWN_NAMES = SETTINGS.filter(({ path }) => OWN.has(path)).map(({ env }) => env);

/** A number may be given as digits. */
function settingSchema({ description, values, limits }: Setting) {
  const described = { description: `${description} Takes ${values}.` };
  if (limits.enum) return { ...described, enum: limits.enum };
  if (limits.minimum !== undefined)
    return { ...described, type: ['string', 'integer'], pattern: '^[0-9]{1,15}$', ...limits };
  if (values === 'a URL') return { ...described, type: 'string', pattern: '^https?://' };
  return { ...described, type: ['string', 'integer'] };
}

/** deploy/chart/values.schema.json: unknown keys are refused, so that a misspelt one does not count as unset. */
export function chartSchema(): string {
  const settings = CHART_SETTINGS.map((setting) => [setting.env, settingSchema(setting)]);
  const known = object({
    fullnameOverride: matching('^([a-z]([-a-z0-9]*[a-z0-9])?)?$', 40),
    commonLabels: labels,
    image: object({
      // With the registry's port, and without tag and digest, which have keys of their own.
      repository: matching(
        '^[a-zA-Z0-9][-._a-zA-Z0-9]*((:[0-9]+)?/[a-z0-9][-._a-z0-9]*)?(/[a-z0-9][-._a-z0-9]*)*$',
      ),
      tag: matching('^([a-zA-Z0-9_][-._a-zA-Z0-9]*)?$', 128),
      digest: matching('^(sha256:[0-9a-f]{64})?$'),
      pullPolicy: { enum: ['Always', 'IfNotPresent', 'Never'] },
    }),
    imagePullSecrets: references,
    aws: object({
      region: matching('^[a-z0-9-]+$'),
      accountID: matching('^([0-9]{12})?$'),
      eventsQueueURL: matching('^(https?://.*)?$'),
    }),
    database: object({
      existingSecret: name,
      key,
      port,
      ca: object({ existingConfigMap: nameOrNone, key }),
      password: object({ existingSecret: nameOrNone, key }),
    }),
    gateway: object({
      // Instances add their paths to it.
      url: matching('^https://([-.a-zA-Z0-9]+|\\[[0-9a-fA-F:]+\\])(:[0-9]{1,5})?(/[^?#\\s]*)?$', 2048),
      tls: object({ existingSecret: name }),
      ca: object({ existingConfigMap: nameOrNone, key }),
      identityCertificates: object({ existingConfigMap: nameOrNone, key }),
      replicas,
      resources: anything,
      serviceAccount,
      service: object({
        type: { enum: ['ClusterIP', 'NodePort', 'LoadBalancer'] },
        port,
        loadBalancerClass: text,
        loadBalancerSourceRanges: {
          type: 'array',
          items: matching('^[0-9a-fA-F.:]+/[0-9]{1,3}$'),
          uniqueItems: true,
        },
        annotations: texts,
      }),
    }),
    controller: object({ replicas, resources: anything, serviceAccount }),
    watchNamespaces: namespaces,
    tenantNamespaces: namespaces,
    settings: { ...object(Object.fromEntries(settings)), required: [] },
    extraEnv: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name'],
        properties: { name: { type: 'string', minLength: 1, not: { enum: OWN_NAMES } } },
      },
    },
    extraVolumes: items,
    extraVolumeMounts: items,
    extraObjects: {
      type: 'array',
      items: {
        type: 'object',
        required: ['apiVersion', 'kind', 'metadata'],
        properties: { metadata: { type: 'object', required: ['name'] } },
      },
    },
    networkPolicy: object({
      enabled: flag,
      // Without any no part would reach the API server.
      egressPorts: { type: 'array', items: port, minItems: 1, uniqueItems: true },
    }),
    metrics: object({
      serviceMonitor: monitor,
      podMonitor: monitor,
      prometheusRule: object({ enabled: flag, labels, runbookURL: { type: 'string' } }),
      dashboard: object({ enabled: flag, labels, annotations: texts }),
    }),
    priorityClassName: nameOrNone,
    nodeSelector: texts,
    tolerations: items,
    podAnnotations: texts,
    crds: object({ install: flag }),
    aggregatedRoles: flag,
    admission: object({
      classUse: object({ enabled: flag }),
      deletionProtection: object({ enabled: flag }),
    }),
    uninstall: object({ policy: { enum: ['Refuse', 'Keep'] } }),
  });
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $comment: 'Generated by `npm run generate`; edits here are overwritten.',
    ...known,
    // Helm itself and parent charts set these.
    properties: { global: anything, enabled: flag, ...known.properties },
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}
