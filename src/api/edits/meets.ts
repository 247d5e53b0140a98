import { createHash } from 'node:crypto';
import type { LaunchParams } from '../kinds/launchParams.ts';
import type { WorkspaceClassSpec } from '../kinds/workspaceClass.ts';

/** Whether an instance has what a spec asks for. `unknown`: that takes an answer of EC2 which is not there yet. */
export type Met = 'met' | 'unmet' | 'unknown';

type RootVolume = Omit<LaunchParams['rootVolume'], 'deviceName'>;

/** The fields of a class that only a new instance takes up, as an instance was made; see docs/kinds.md, "What an edit costs". */
export interface MadeOfClass {
  instanceProfile?: string | undefined;
  rootVolume: Readonly<RootVolume>;
  /** By scriptDigest. */
  script?: string | undefined;
}

/** The known parameters of an instance. A missing one is unknown, and counts as asked for. */
export interface Made {
  imageID?: string | undefined;
  instanceType?: string | undefined;
  securityGroupIDs?: readonly string[] | undefined;
  ofClass?: MadeOfClass | undefined;
}

/** A launch's parameters that a spec can ask for. */
type Params = Pick<MadeOfClass, 'instanceProfile' | 'rootVolume'> &
  Readonly<Pick<LaunchParams, 'imageID' | 'instanceType'>> & {
    readonly securityGroupIDs: readonly string[];
    readonly userData: { readonly classDigest?: string | undefined };
  };

export function madeOf({
  imageID,
  instanceType,
  securityGroupIDs,
  instanceProfile,
  rootVolume,
  userData,
}: Params): Made {
  const ofClass = { instanceProfile, rootVolume, script: userData.classDigest };
  return { imageID, instanceType, securityGroupIDs, ofClass };
}

/** The parameters of a launch of this class now. */
export function askedOfClass({ instanceProfile, rootVolume, userData }: WorkspaceClassSpec): MadeOfClass {
  return { instanceProfile, rootVolume, script: userData === undefined ? undefined : scriptDigest(userData) };
}

/** Hex SHA-256 of a class's script. */
export function scriptDigest(script: string): string {
  return createHash('sha256').update(script).digest('hex');
}

/** Whether `made` satisfies `asked`: at least as much, with the same rights, key and script. */
export function meetsClass(made: MadeOfClass, asked: MadeOfClass): boolean {
  return (
    made.instanceProfile === asked.instanceProfile &&
    meetsVolume(made.rootVolume, asked.rootVolume) &&
    sameScript(made.script, asked.script)
  );
}

/** The baseline of every gp3 volume ("Amazon EBS General Purpose SSD volumes", EBS User Guide): IOPS, and MiB/s. */
const GP3 = { iops: 3000, throughput: 125 };

function meetsVolume(made: Readonly<RootVolume>, asked: Readonly<RootVolume>): boolean {
  if (made.type !== asked.type || made.sizeGiB < asked.sizeGiB) return false;
  const baseline: Partial<typeof GP3> = made.type === 'gp3' ? GP3 : {};
  return (
    (asked.iops ?? 0) <= (made.iops ?? baseline.iops ?? 0) &&
    (asked.throughput ?? 0) <= (made.throughput ?? baseline.throughput ?? 0) &&
    (asked.kmsKeyID === undefined || keyName(asked.kmsKeyID) === keyName(made.kmsKeyID))
  );
}

/** `arn:aws:kms:eu-west-1:1:key/ID` and `ID` are one key; `…:alias/x` and `alias/x` one alias. */
function keyName(key: string | undefined): string | undefined {
  return key?.replace(/^arn:[^:]*:kms:[^:]*:[^:]*:/, '').replace(/^key\//, '');
}

/** A digest that another release made in another way can't be compared. */
function sameScript(made: string | undefined, asked: string | undefined): boolean {
  if (made !== undefined && !/^[0-9a-f]{64}$/.test(made)) return true;
  return made === asked;
}

export function sameGroups(a: readonly string[], b: readonly string[]): boolean {
  const [left, right] = [new Set(a), new Set(b)];
  return left.size === right.size && [...left].every((id) => right.has(id));
}
