import { CLASS_SCRIPT, configOf, hereDocument, type StubInput, WAIT } from './stubText.ts';

// Frozen, as stub 1 is: a change is a stub 3 beside this one.

/**
 * Boot stub, version 2: runs the agent with this digest and no other, even if the gateway serves another.
 * @throws Error without a digest
 */
export function renderStub2(input: StubInput): string {
  const { caBundle, classScript, agentDigest } = input;
  if (agentDigest === undefined)
    throw new Error('boot stub 2 names an agent by its digest, and there is none');
  return [
    HEAD,
    hereDocument('"$etc/config"', configOf(input)),
    ...(caBundle === undefined ? [] : [hereDocument('"$etc/ca.pem"', caBundle)]),
    `sum=${agentDigest}`,
    START,
    ...(classScript === undefined ? [] : [hereDocument('"$lib/class-script"', classScript), CLASS_SCRIPT]),
    WAIT,
  ].join('\n');
}

const HEAD = `#!/bin/sh
set -u
umask 077
root=\${WORKSPACE_ROOT:-}
etc=$root/etc/workspace-agent
lib=$root/usr/local/lib/workspace-agent
state=$root/var/lib/workspace-agent
mkdir -p "$etc" "$lib" "$state"`;

// An agent that is there already is used when it is the right one.
const START = `. "$etc/config"
app=$lib/agent.sh
same() { [ "$(sha256sum <"$1" | cut -c-64)" = "$sum" ] || ! echo "$1 is not $sum"; }
get() {
  set -- --connect-timeout 5 --max-time 60
  if [ -s "$etc/ca.pem" ]; then set -- "$@" --cacert "$etc/ca.pem"; fi
  curl -q -sS -f "$@" -o "$app.new" "$WORKSPACE_GATEWAY/v1/agent/$sum" && same "$app.new" && mv "$app.new" "$app"
}
delay=1
until { [ -e "$app" ] && same "$app"; } || get; do
  sleep "$delay"
  if [ "$delay" -lt 30 ]; then delay=$((delay * 2)); fi
done
agent=
if [ -z "$root" ] && [ -d /run/systemd/system ]; then
  unit=workspace-agent.service
  sh "$app" unit >/etc/systemd/system/$unit
  chmod 0644 /etc/systemd/system/$unit
  systemctl daemon-reload
  systemctl enable --now $unit
else
  sh "$app" &
  agent=$!
  trap 'kill "$agent" 2>/dev/null' TERM INT
fi`;
