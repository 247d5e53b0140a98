import type { Kubectl } from '../base/kubectl.ts';
import { CLASSES, WORKSPACES } from '../base/kubectl.ts';
import { findInstall } from '../doctor/install.ts';
import { OPERATOR_LABEL, type SeenPod } from '../views/operator.ts';
import { cleanObject, namesIn, valuesIn } from './objects.ts';
import { createRedactor, type Redactor } from './redact.ts';
import { type LeftOut, type ReadValues, readValues } from './secretValues.ts';

export interface Collected {
  files: { path: string; text: string }[];
  leftOut: LeftOut[];
}

export interface CollectOptions {
  kubectl: Kubectl;
  /** Whose Workspaces and events; all without it. */
  namespace: string | undefined;
  operatorNamespace: string | undefined;
  /** Whether values of Secrets are read, to search for them. */
  readSecrets: boolean;
  /** Lines of each log. */
  lines: number;
  /** Versions of this program and of Node. */
  versions: Readonly<Record<string, string>>;
  onStep(what: string): void;
}

interface Item {
  kind?: string;
  metadata?: { name?: string; namespace?: string };
  regarding?: { apiVersion?: string; namespace?: string };
  involvedObject?: { apiVersion?: string; namespace?: string };
}

/** Texts of pods: raw until everything that must not be in them is known. */
type Raw = { path: string; items?: readonly unknown[]; text?: string };

/** Everything that helps who was not there, without what is secret. What can't be had is left out, with the reason. */
export async function collect(options: CollectOptions): Promise<Collected> {
  const { kubectl, namespace, operatorNamespace, onStep } = options;
  const leftOut: LeftOut[] = [];
  const raws: Raw[] = [];
  const list = async (path: string, what: string, args: readonly string[]): Promise<Item[]> => {
    onStep(what);
    const { code, stdout, stderr } = await kubectl.run(['get', ...args, '--output=json']);
    if (code !== 0) {
      leftOut.push({ what, why: stderr.trim() });
      return [];
    }
    const { items = [] } = JSON.parse(stdout) as { items?: Item[] };
    raws.push({ path, items });
    return items;
  };
  const where = namespace === undefined ? '--all-namespaces' : `--namespace=${namespace}`;
  const workspaces = await list('workspaces.json', 'Workspaces', [WORKSPACES, where]);
  await list('classes.json', 'WorkspaceClasses', [CLASSES]);
  const { install, results } = await findInstall(kubectl, operatorNamespace);
  for (const { object, says } of results) leftOut.push({ what: object, why: says });
  const own = install?.namespace ?? operatorNamespace;
  await addEvents(options, own, { raws, leftOut });
  if (own !== undefined) {
    const at = `--namespace=${own}`;
    await list('operator/deployments.json', `Deployments in ${own}`, [
      'deployments.apps',
      at,
      `--selector=${OPERATOR_LABEL}`,
    ]);
    await list('operator/leases.json', `Leases in ${own}`, ['leases.coordination.k8s.io', at]);
    await list('operator/configmaps.json', `ConfigMaps in ${own}`, ['configmaps', at]);
    const pods = await list('operator/pods.json', `pods in ${own}`, [
      'pods',
      at,
      `--selector=${OPERATOR_LABEL}`,
    ]);
    for (const pod of pods as SeenPod[]) await addPod(options, pod, { raws, leftOut });
  }
  onStep('versions');
  const version = await kubectl.run(['version', '--output=json']);
  raws.push({ path: 'versions.json', items: [{ ...options.versions, kubectl: objectIn(version.stdout) }] });
  const items = raws.flatMap((raw) => raw.items ?? []);
  const namespaces = new Set(workspaces.flatMap(({ metadata }) => metadata?.namespace ?? []));
  if (own !== undefined) namespaces.add(own);
  const { values, leftOut: unread } = await valuesOf(options, namespaces);
  leftOut.push(...unread);
  const redactor = createRedactor([...values, ...valuesIn(items)], namesIn(items));
  return clean(raws, redactor, leftOut);
}

async function valuesOf(
  { kubectl, readSecrets, onStep }: CollectOptions,
  namespaces: ReadonlySet<string>,
): Promise<ReadValues> {
  const what = 'a search for the values of Secrets';
  if (!readSecrets)
    return {
      values: [],
      leftOut: [
        {
          what,
          why: 'asked for with --no-secrets: what looks like a credential is taken out all the same. Read the files before you send them',
        },
      ],
    };
  onStep('values to take out');
  return readValues(kubectl, [...namespaces].sort());
}

function objectIn(text: string): unknown {
  return text === '' ? undefined : JSON.parse(text);
}

/** Those about our kinds, and all of the operator's namespace. */
async function addEvents(
  { kubectl, namespace, onStep }: CollectOptions,
  own: string | undefined,
  { raws, leftOut }: { raws: Raw[]; leftOut: LeftOut[] },
): Promise<void> {
  const places =
    namespace === undefined
      ? ['--all-namespaces']
      : [`--namespace=${namespace}`, ...(own === undefined ? [] : [`--namespace=${own}`])];
  const events: Item[] = [];
  for (const place of new Set(places)) {
    onStep('events');
    const { code, stdout, stderr } = await kubectl.run([
      'get',
      'events.events.k8s.io',
      place,
      '--output=json',
    ]);
    if (code !== 0) leftOut.push({ what: `events (${place.slice(2)})`, why: stderr.trim() });
    else events.push(...(JSON.parse(stdout) as { items: Item[] }).items);
  }
  const isOurs = ({ metadata, regarding, involvedObject }: Item) =>
    (regarding ?? involvedObject)?.apiVersion?.startsWith('compute.molecule.ai/') === true ||
    metadata?.namespace === own;
  if (events.length > 0) raws.push({ path: 'events.json', items: events.filter(isOurs) });
}

async function addPod(
  { kubectl, lines, onStep }: CollectOptions,
  { metadata: { name, namespace = '' }, status }: SeenPod,
  { raws, leftOut }: { raws: Raw[]; leftOut: LeftOut[] },
): Promise<void> {
  const add = async (path: string, what: string, args: readonly string[]) => {
    onStep(what);
    const { code, stdout, stderr } = await kubectl.run(args);
    if (code === 0) raws.push({ path, text: stdout });
    else leftOut.push({ what, why: stderr.trim() });
  };
  const logs = ['logs', name, `--namespace=${namespace}`, '--all-containers', `--tail=${lines}`];
  const short = name.slice(-60);
  await add(`operator/logs/${short}.log`, `log of ${name}`, logs);
  if (status?.containerStatuses?.some(({ restartCount = 0 }) => restartCount > 0))
    await add(`operator/logs/${short}.previous.log`, `log of ${name} before its restart`, [
      ...logs,
      '--previous',
    ]);
  const metrics = `/api/v1/namespaces/${namespace}/pods/${name}:8080/proxy/metrics`;
  await add(`operator/metrics/${short}.txt`, `metrics of ${name}`, ['get', '--raw', metrics]);
}

/** Redacted; a file in which a value is found all the same is left out whole. */
function clean(raws: readonly Raw[], redactor: Redactor, leftOut: LeftOut[]): Collected {
  const files = raws.flatMap(({ path, items, text = '' }) => {
    if (redactor.isTooMuch) {
      leftOut.push({
        what: path,
        why: 'there are more values to search for than can be searched for: choose a namespace with -n',
      });
      return [];
    }
    const clean = items
      ? `${JSON.stringify(
          items.map((item) => cleanObject(item, redactor)),
          null,
          1,
        )}\n`
      : redactor.text(text);
    if (!redactor.holds(clean)) return [{ path, text: clean }];
    leftOut.push({ what: path, why: 'it held a value that could not be taken out' });
    return [];
  });
  return {
    files,
    leftOut: leftOut.map(({ what, why }) => ({ what: redactor.text(what), why: redactor.text(why) })),
  };
}
