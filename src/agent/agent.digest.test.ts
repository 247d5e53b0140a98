import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createMachine, type Machine, WAIT } from '../../test/support/programs/shellAgent.ts';
import { SHELLS } from '../../test/support/programs/shells.ts';
import { agentDigest, readAgentFiles } from './files.ts';

describe.each(SHELLS)('under %s', (_name, programs) => {
  let machine: Machine;
  beforeEach(async () => {
    machine = await createMachine();
    machine.install(programs);
  });
  afterEach(() => machine.close());

  test('an instance runs the agent that its user data names, though the gateway is of another release', async () => {
    const earlier = `${readAgentFiles().script}\n# of an earlier release\n`;
    const present = { script: '#!/bin/sh\ntouch "$WORKSPACE_ROOT/wrong"\n', unit: '' };
    const named = new Map([[agentDigest(earlier), earlier]]);
    const gateway = machine.fixture.another({
      agent: { present, find: async (digest) => named.get(digest) },
    });
    machine.fixture.put();
    machine.boot((await gateway.start()).url, { agentDigest: agentDigest(earlier) });
    await expect.poll(() => machine.find(), WAIT).toMatchObject({ fresh: true });
    expect(machine.exists('wrong')).toBe(false);
  });

  test('what is served under that digest and is another program never runs', async () => {
    const present = { script: '#!/bin/sh\ntouch "$WORKSPACE_ROOT/wrong"\n', unit: '' };
    const wanted = createHash('sha256').update('the right one').digest('hex');
    const gateway = machine.fixture.another({ agent: { present, find: async () => present.script } });
    machine.fixture.put();
    const child = machine.boot((await gateway.start()).url, { agentDigest: wanted });
    await expect.poll(child.output, WAIT).toContain(`is not ${wanted}`);
    expect(machine.exists('wrong')).toBe(false);
    expect(machine.exists('usr/local/lib/workspace-agent/agent.sh')).toBe(false);
  });
});
