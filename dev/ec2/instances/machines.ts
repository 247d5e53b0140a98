import { currentState, type InstanceRecord } from '../base/model.ts';
import { tagMap } from '../base/tags.ts';
import { type IdentityAuthority, identityDocument } from '../cloud/identity.ts';
import type { Cloud } from '../cloud/state.ts';
import type { InstanceRuntime, Machine } from './runtime.ts';

/** What EC2 keeps of a console: its last 64 KB. */
const CONSOLE_LIMIT = 65_536;

/** Runs what instances run: every boot and end of an instance reaches the runtime as it happens. */
export function attachRuntime(cloud: Cloud, identity: IdentityAuthority, runtime: InstanceRuntime): void {
  cloud.lifecycle.subscribe((instance, state) => {
    if (state === 'running') runtime.boot(machineOf(cloud, identity, instance));
    if (state === 'shutting-down' || state === 'stopping') runtime.shutDown(instance.id);
    if (state === 'terminated' || state === 'stopped') runtime.powerOff(instance.id);
    if (state === 'terminated') runtime.discard(instance.id);
  });
  // Restored instances that ran when the cloud went away boot again, as after a power failure.
  for (const instance of cloud.instances.values()) {
    if (currentState(instance) !== 'running') continue;
    instance.boots += 1;
    runtime.boot(machineOf(cloud, identity, instance));
  }
}

function machineOf(cloud: Cloud, identity: IdentityAuthority, instance: InstanceRecord): Machine {
  return {
    id: instance.id,
    type: instance.type,
    region: cloud.region,
    zone: instance.zone,
    imageID: instance.imageID,
    privateIP: instance.privateIP,
    userData: instance.userData,
    disk: instance.disk,
    boot: instance.boots,
    tags: tagMap(instance.tags),
    spot: instance.spot,
    interruption() {
      if (instance.interruption === undefined) return undefined;
      const { action, at } = instance.interruption;
      return { action, time: `${new Date(at).toISOString().slice(0, 19)}Z` };
    },
    identity: () => identity.sign(identityDocument(cloud, instance)),
    writeConsole(text) {
      instance.console = (instance.console + text).slice(-CONSOLE_LIMIT);
    },
  };
}
