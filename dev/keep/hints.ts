import { POLLER_TOKEN_COMMAND } from '../stack/poller.ts';
import type { Raised } from '../stack/raise.ts';

const JSON_BODY = '-H content-type:application/json -d';
const BEARER = '-H "authorization: Bearer $TOKEN"';

/** What there is to try, as headings with lines to paste. */
export function hints(stack: Raised): { heading: string; lines: string[] }[] {
  const cloud = `${stack.ec2.url}/_control`;
  const cluster = `${stack.api.url}/_control`;
  return [
    {
      heading: 'In another terminal',
      lines: [
        `export KUBECONFIG=${stack.kubeconfigPath}`,
        'kubectl apply -f dev/manifests/',
        'kubectl get wks -w',
        `kubectl patch secret ada-env -p '{"stringData":{"API_KEY":"second"}}'   # one change, one provision`,
        `kubectl patch wks ada --type merge -p '{"spec":{"requests":{"restart":"1"}}}'   # at once, and once for this value`,
        `kubectl patch wks ada --type merge -p '{"spec":{"operatingMode":"Stopped"}}'   # and Running: the same instance again`,
        'npm run canary -- default/ada   # changes a canary key, and watches for exactly one provision',
        'kubectl describe wks ada',
        'kubectl delete -f dev/manifests/   # ends when EC2 says that the instance is terminated',
      ],
    },
    {
      heading: 'What the operator reports',
      lines: [
        `curl -s ${stack.metricsURL} | grep ^workspace_`,
        `TOKEN=$(${POLLER_TOKEN_COMMAND})   # an account that may get a Workspace may ask about it`,
        `curl -sk ${stack.gatewayURL}/v1/workspaces/default/ada ${BEARER}`,
        `curl -sk ${stack.gatewayURL}/v1/reports ${BEARER} ${JSON_BODY} '{"namespace":"default","name":"ada"}'   # "it is dead!"`,
      ],
    },
    {
      heading: "The cloud's own books, and faults in it",
      lines: [
        `curl -s ${cloud}/counters`,
        `curl -s ${cloud}/provisions`,
        `curl -s ${cloud}/instances`,
        `curl -s ${cloud}/faults -d '{"action":"RunInstances","fault":{"kind":"lostResponse","how":"reset"},"times":1}'   # it happens, and the answer is lost`,
        `curl -s ${cloud}/capacity -d '{"type":"m7i.large","left":0}'   # the next type is tried; null for no limit`,
        `curl -s ${cloud}/freeze-pending -d '{"on":true}'   # nothing leaves pending until false`,
        `curl -s ${cloud}/agents/default%2Fada/silence -d '{"on":true}'`,
        `curl -s -X POST ${cloud}/instances/INSTANCE/end   # EC2 ends it unasked; more in docs/faults.md`,
      ],
    },
    {
      heading: 'Faults in the cluster',
      lines: [
        `curl -sk ${cluster}/faults -d '{"effect":{"kind":"latency","ms":500}}'`,
        `curl -sk -X DELETE ${cluster}/faults`,
        `curl -sk -X POST ${cluster}/compact   # watches that resume get 410 Gone`,
        `curl -sk ${cluster}/counters`,
      ],
    },
  ];
}
