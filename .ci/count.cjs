// Sums vitest's JSON reports in a folder into the last line. Exit code 1 when anything failed, or nothing ran.
const { readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');

const folder = process.argv[2];
let passed = 0;
let failed = 0;
let skipped = 0;
for (const name of readdirSync(folder).filter((file) => file.endsWith('.exit'))) {
  const exit = Number(readFileSync(join(folder, name), 'utf8'));
  const run = count(join(folder, name.replace(/\.exit$/, '.json')));
  passed += run.passed;
  skipped += run.skipped;
  // A run that failed without a failed test (a file that doesn't load, an unhandled error, a crash) counts as one.
  failed += run.failed || (exit === 0 ? 0 : 1);
}
if (skipped > 0) console.log(`${skipped} skipped; their names say why`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

function count(path) {
  try {
    const { numPassedTests, numPendingTests, testResults } = JSON.parse(readFileSync(path, 'utf8'));
    const perFile = testResults.map(({ status, assertionResults }) => {
      const tests = assertionResults.filter((test) => test.status === 'failed').length;
      return tests || (status === 'failed' ? 1 : 0);
    });
    return { passed: numPassedTests, skipped: numPendingTests, failed: perFile.reduce((sum, each) => sum + each, 0) };
  } catch (error) {
    console.error(`no report of the run: ${error.message}`);
    return { passed: 0, skipped: 0, failed: 1 };
  }
}
