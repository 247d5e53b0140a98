import { MARK, type Redactor } from './redact.ts';

/** Values under these names say what an object is: only known values are taken out of them. */
const IDENTITY =
  /^(apiVersion|kind|name|namespace|uid|resourceVersion|generateName|type|reason|phase|status|image|imageID|containerID|nodeName|holderIdentity|id|instanceID|zone|className|.*(At|Time|Timestamp))$/;
/** Settings of the operator that are no secrets; their values are searched like any text. */
const PLAIN_VARIABLE = /^(WORKSPACE_(?!.*(PASSWORD|SECRET|TOKEN|CREDENTIAL))\w+|AWS_REGION|AWS_ACCOUNT_ID)$/;
const PLAIN_WORD = /^(check|controller|gateway|all|--[a-z-]+)$/;
/** Annotations whose values say how an object came about. */
const PLAIN_ANNOTATION = /^(deployment\.kubernetes\.io\/revision|meta\.helm\.sh\/release-(name|namespace))$/;

type Json = { [field: string]: unknown };

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An object as the bundle holds it: no value of a variable, argument, annotation, ConfigMap or Secret, and no text that holds one. */
export function cleanObject(object: unknown, redactor: Redactor): unknown {
  return clean(object, '', redactor);
}

function clean(value: unknown, under: string, redactor: Redactor): unknown {
  if (typeof value === 'string') return IDENTITY.test(under) ? redactor.name(value) : redactor.text(value);
  if (Array.isArray(value)) {
    if (under === 'args' || under === 'command') return value.map((word) => wordOf(String(word)));
    if (under === 'env') return value.map((entry) => variableOf(entry, redactor));
    return value.map((item) => clean(item, under, redactor));
  }
  if (!isObject(value)) return value;
  if (under === 'annotations') return annotationsOf(value, redactor);
  if (['data', 'binaryData', 'stringData'].includes(under)) return sizesOf(value, redactor);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== 'managedFields')
      .map(([name, item]) => [redactor.text(name), clean(item, name, redactor)]),
  );
}

/** `--flag=value` keeps its flag. */
function wordOf(word: string): string {
  if (PLAIN_WORD.test(word)) return word;
  const [, flag] = /^(--[a-z-]+)=/.exec(word) ?? [];
  return flag === undefined ? MARK : `${flag}=${MARK}`;
}

function variableOf(entry: unknown, redactor: Redactor): unknown {
  if (!isObject(entry)) return MARK;
  const { name, value, ...rest } = entry;
  const isPlain = PLAIN_VARIABLE.test(String(name));
  return {
    name: redactor.name(String(name)),
    ...(value !== undefined && { value: isPlain ? redactor.text(String(value)) : MARK }),
    ...(clean(rest, '', redactor) as Json),
  };
}

/** Names alone; what kubectl apply leaves holds the whole object again. */
function annotationsOf(annotations: Json, redactor: Redactor): Json {
  return Object.fromEntries(
    Object.entries(annotations)
      .filter(([name]) => name !== 'kubectl.kubernetes.io/last-applied-configuration')
      .map(([name, value]) => [
        redactor.text(name),
        PLAIN_ANNOTATION.test(name) ? redactor.text(String(value)) : MARK,
      ]),
  );
}

function sizesOf(data: Json, redactor: Redactor): Json {
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [redactor.text(key), `[${String(value).length} characters]`]),
  );
}

/** Values of variables and arguments that must not be anywhere else in the bundle either. */
export function valuesIn(value: unknown, under = ''): Buffer[] {
  if (Array.isArray(value)) {
    if (under === 'args' || under === 'command')
      return value.flatMap((word) =>
        PLAIN_WORD.test(String(word)) ? [] : secretOf(String(word).replace(/^--[a-z-]+=/, '')),
      );
    if (under === 'env')
      return value.flatMap((entry) =>
        isObject(entry) && typeof entry.value === 'string' && !PLAIN_VARIABLE.test(String(entry.name))
          ? secretOf(entry.value)
          : [],
      );
    return value.flatMap((item) => valuesIn(item, under));
  }
  if (!isObject(value)) return [];
  if (under === 'annotations')
    return Object.entries(value).flatMap(([name, text]) =>
      name.includes('last-applied') ? [] : secretOf(String(text)),
    );
  return Object.entries(value).flatMap(([name, item]) => valuesIn(item, name));
}

/** Words, numbers and names of places occur everywhere, and are no secrets: one has letters and digits, mixed. */
function secretOf(value: string): Buffer[] {
  const isWord = /^[a-z]*$|^[A-Z]*$|^[\d.:]*$|^[a-z]+(-[a-z]+)*-?\d{0,2}$/.test(value);
  return isWord || value.length < 8 ? [] : [Buffer.from(value)];
}

/** Names that everybody may see: pieces of them stay where a value has them too. */
export function namesIn(items: readonly unknown[]): string[] {
  return items.flatMap((item) => {
    const metadata = isObject(item) && isObject(item.metadata) ? item.metadata : {};
    const { name, namespace, labels } = metadata;
    return [name, namespace, ...(isObject(labels) ? Object.values(labels) : [])].filter(
      (it) => typeof it === 'string',
    );
  });
}
