/** Reasons of Ready that an agent says of itself while its instance runs, or shows by its silence. */
export const AGENT_REASONS = {
  GatewayDistrusted: {
    standing: 'held',
    wouldLaunch: false,
    whileDown: 'Restarting',
    means:
      'The instance’s agent finds that the CA bundle which it holds does not stand the gateway’s certificate, so it can’t heartbeat; after the class’s heartbeat timeout it counts as silent. The agent finds out as it heartbeats: within a minute where the class’s `heartbeat.periodSeconds` is at most 40, later with a longer one.',
    todo: 'Show a certificate again that the bundle stands, and follow [the rotation](agent-protocol.md#rotating-the-ca).',
  },
  CommandFailing: {
    standing: 'held',
    wouldLaunch: false,
    whileDown: 'Restarting',
    means:
      'The instance runs and sends heartbeats, but its agent says that the class’s `WORKSPACE_COMMAND` can’t be started, or fails again and again. It is shown and decides nothing: the instance stays, and counts as available.',
    todo: 'See the instance’s console (lines of `workspace-agent`), then fix the class’s settings or the Secret.',
  },
  HeartbeatLost: {
    standing: 'held',
    wouldLaunch: false,
    whileDown: 'Restarting',
    means:
      'The instance sent heartbeats and fell silent, or EC2 says that it no longer runs. The message says since when, when it is replaced (the class’s `repair`), and how its console ends.',
    todo: 'Look at its console and at the way to the gateway. With `repair.policy: None`, or to be quicker, ask for a restart with `spec.requests.restart`.',
  },
} as const;
