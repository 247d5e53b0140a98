import { expect, test } from 'vitest';
import { workspaceClassSpec } from '../api/kinds/workspaceClass.ts';
import { AGENT_REASONS } from '../api/reasons/agentReasons.ts';
import { configSchema } from '../config/config.ts';
import { readAgentFiles } from './files.ts';

const { script } = readAgentFiles();
const { evidencePollIntervalMs } = configSchema.shape.controller.parse({});

/** The number that the agent's function gives this option. */
function secondsOf(name: string, option: string): number {
  const [body = ''] = script.slice(script.indexOf(`\n${name}() {`)).split('\n}\n');
  return Number(new RegExp(`${option}[ =](\\d+)`).exec(body)?.[1]);
}

/** Longest from the gateway's new certificate to Ready, s: a heartbeat has just gone, and each step takes its time. */
function longestSeconds(periodSeconds: number): number {
  const command = 0.1 * secondsOf('run_command', '-lt');
  const [handshake, complaint] = [
    secondsOf('request', '--connect-timeout'),
    secondsOf('complain', '--max-time'),
  ];
  return periodSeconds + command + handshake + complaint + evidencePollIntervalMs / 1000;
}

test('distrust shows within a minute with the default period, and up to the one that the docs name', () => {
  const { periodSeconds } = workspaceClassSpec.shape.heartbeat.unwrap().shape;
  const named = Number(/within a minute up to (\d+)/.exec(periodSeconds.description ?? '')?.[1]);
  expect(periodSeconds.parse(undefined)).toBeLessThanOrEqual(named);
  expect(longestSeconds(named)).toBeLessThanOrEqual(60);
  expect(AGENT_REASONS.GatewayDistrusted.means).toContain(`periodSeconds\` is at most ${named}`);
});
