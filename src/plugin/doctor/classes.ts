import { CLASS_ASPECT_TYPES, classTraitsOf } from '../../api/reasons/classReasons.ts';
import { CLASSES, type Kubectl } from '../base/kubectl.ts';
import { conditionOf, type SeenClass } from '../views/seen.ts';
import { quoted } from '../views/why.ts';
import { failed, ok, type Result, unknown } from './result.ts';

const CHECK = 'aws';

/** What EC2 answered for each class: its images and networks, dry runs and launches, as the controller has it on record. */
export async function judgeClasses(kubectl: Kubectl): Promise<Result[]> {
  const where = { check: CHECK, from: 'kubectl', object: 'classes' } as const;
  const { code, stdout, stderr } = await kubectl.run(['get', CLASSES, '--output=json']);
  if (code !== 0) return [unknown(where, stderr.trim(), 'ask who may list WorkspaceClasses')];
  const { items } = JSON.parse(stdout) as { items: SeenClass[] };
  if (items.length === 0)
    return [
      unknown(
        where,
        'there is no class, so nothing shows whether launches work',
        'create one: docs/kinds.md',
      ),
    ];
  return items.map(judge);
}

function judge(klass: SeenClass): Result {
  const { name, generation = 0 } = klass.metadata;
  const where = { check: CHECK, from: 'kubectl', object: `class ${name}` } as const;
  const describe = `kubectl describe wksc ${quoted(name)}`;
  const { observedGeneration = -1 } = klass.status ?? {};
  if (observedGeneration < generation)
    return unknown(
      where,
      observedGeneration < 0
        ? 'the operator has not looked at it yet'
        : `the operator has not looked at its edit yet (generation ${generation})`,
      'wait some seconds; if that stays, see operator above',
    );
  const bad = CLASS_ASPECT_TYPES.flatMap((type) => {
    const condition = conditionOf(klass, type);
    return condition?.status === 'False' && condition.reason !== 'RollingOut' ? [{ ...condition, type }] : [];
  });
  const [first] = bad;
  if (first)
    return failed(
      where,
      bad.map(({ type, reason, message }) => `${type} is False (${reason}): ${message}`).join('; '),
      `${classTraitsOf(first.type, first.reason)?.todo ?? ''} ${describe}`.trim(),
    );
  const unsure = CLASS_ASPECT_TYPES.filter((type) => conditionOf(klass, type)?.status !== 'True');
  const isRolling = (type: string) => type === 'RolloutComplete';
  const open = unsure.filter((type) => !isRolling(type));
  return open.length > 0
    ? unknown(where, `nothing is known yet of: ${open.join(', ')}`, describe)
    : ok(where, 'images, networks, launches and evidence are as they should be');
}
