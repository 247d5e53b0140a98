import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import type { MissingEvidence } from '../../api/reasons/classReasons.ts';
import { createClassMetrics } from './metrics.ts';

test('what is missing of a class is one series, which goes when it is back', async () => {
  const registry = new Registry();
  let missing: [string, MissingEvidence][] = [['standard', 'MassSilence']];
  createClassMetrics(registry).watchMissing(() => missing);
  expect(await registry.metrics()).toContain(
    'workspace_class_evidence_missing{class="standard",reason="MassSilence"} 1',
  );
  missing = [];
  expect(await registry.metrics()).not.toContain('class="standard"');
});
