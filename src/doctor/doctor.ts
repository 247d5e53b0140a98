import { type Check, type Finding, failed, hasFailed, lineOf } from './finding.ts';

/**
 * Runs the checks one after another; one that throws has failed, and the others still run.
 * @param output `json`: a Finding a line and nothing else, as `kubectl workspace doctor` reads them
 */
export async function runChecks(
  checks: readonly Check[],
  print: (line: string) => void,
  output: 'text' | 'json' = 'text',
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const { name, object, run } of checks) {
    for (const finding of await outcome(name, object, run)) {
      findings.push(finding);
      print(output === 'json' ? JSON.stringify(finding) : lineOf(finding));
    }
  }
  if (output === 'json') return findings;
  const broken = findings.filter(hasFailed).length;
  print(
    broken === 0
      ? `All ${findings.length} checks passed.`
      : `${broken} of ${findings.length} checks failed. docs/install/checks.md says what each looks at.`,
  );
  return findings;
}

async function outcome(name: string, object: string, run: Check['run']): Promise<readonly Finding[]> {
  try {
    return await run();
  } catch (error) {
    const cause = error instanceof Error ? error.message : 'it failed for an unknown reason';
    return [failed(name, object, cause, 'correct that, then run the check again')];
  }
}
