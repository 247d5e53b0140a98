import type { Dump } from '../../../dev/apiserver/storage/store.ts';
import { metaOf, objectAt, stringAt, without } from '../../../dev/apiserver/values/json.ts';
import type { JsonObject } from '../../../dev/apiserver/values/kinds.ts';
import { currentState } from '../../../dev/ec2/base/model.ts';
import { clientToken } from '../../../src/api/launch/token.ts';
import type { Scene } from '../../simulator/scene/scene.ts';
import type { Conditions, Frozen, FrozenAgent, FrozenRequest } from '../frozen.ts';
import { toColumns } from '../rows.ts';

/** Definitions come from the release that runs; of the rest only what the operator reads is kept. */
const KEPT = /^(\/)?(namespaces|secrets|configmaps|coordination\.k8s\.io\/leases|compute\.molecule\.ai\/.*)$/;

/** What outlives the process, now. */
export function capture(
  scene: Scene,
  sent: readonly FrozenRequest[],
  conditions: Conditions,
): Omit<Frozen, 'about' | 'course'> {
  const { clock, service, api, store } = scene;
  const { cloud } = service;
  const instances = [...cloud.instances.values()].map(({ userData: _, ...rest }) => rest);
  const tokens = new Set([...instances.map((it) => it.clientToken), ...launchTokens(scene)]);
  const latest = new Map(sent.map((request) => [request.clientToken, request]));
  const requests = [...latest.values()].filter((request) => tokens.has(request.clientToken));
  return {
    savedAt: { wall: clock.now(), monotonic: clock.monotonic() },
    objects: objectsOf(api.state.dump()),
    sequence: cloud.sequence,
    instances,
    requests,
    rows: toColumns(store.rows()),
    agents: agentsOf(scene),
    conditions,
  };
}

function objectsOf({ revision, objects }: Dump): Dump {
  const kept = Object.entries(objects).filter(([storage]) => KEPT.test(storage));
  return {
    revision,
    objects: Object.fromEntries(
      kept.map(([storage, byKey]) => [
        storage,
        Object.fromEntries(Object.entries(byKey).map(([key, object]) => [key, withoutManagers(object)])),
      ]),
    ),
  };
}

function withoutManagers(object: JsonObject): JsonObject {
  return { ...object, metadata: without(metaOf(object), 'managedFields') };
}

/** Of those that heartbeat in the boot that they are in. */
function agentsOf({ service, agents, store }: Scene): FrozenAgent[] {
  const rows = store.rows().launches;
  return agents.reports().flatMap((report) => {
    const { instanceID, uid, number, boot, digest, environment } = report;
    const instance = service.cloud.instances.get(instanceID);
    const row = rows.find((candidate) => candidate.uid === uid && candidate.number === number);
    if (!instance || currentState(instance) !== 'running' || digest === undefined || !environment) return [];
    if (row?.seq === undefined || row.boot !== boot) return [];
    return [{ instanceID, seq: row.seq, digest, environment }];
  });
}

/** The tokens of the present launches, known to EC2 or not. */
function launchTokens({ api }: Scene): string[] {
  const { state } = api;
  const clusterID = stringAt(metaOf(state.get('namespaces', '/kube-system') ?? {}), 'uid');
  return state.list('compute.molecule.ai/workspaces').map(([, workspace]) => {
    const { number } = objectAt(objectAt(workspace, 'status'), 'launch');
    return clientToken(clusterID, stringAt(metaOf(workspace), 'uid'), Number(number));
  });
}
