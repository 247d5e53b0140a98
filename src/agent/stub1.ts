import { CLASS_SCRIPT, configOf, hereDocument, type StubInput, WAIT } from './stubText.ts';

// Frozen: a launch in flight is replayed byte for byte, also by the next release. A change is a stub 2 beside this one.

/** Boot stub, version 1. */
export function renderStub1(input: StubInput): string {
  const { caBundle, classScript } = input;
  return [
    HEAD,
    hereDocument('"$etc/config"', configOf(input)),
    ...(caBundle === undefined ? [] : [hereDocument('"$etc/ca.pem"', caBundle)]),
    START,
    ...(classScript === undefined ? [] : [hereDocument('"$lib/class-script"', classScript), CLASS_SCRIPT]),
    WAIT,
  ].join('\n');
}

const HEAD = `#!/bin/sh
# Installs the workspace agent and starts it.
set -u
umask 077
root=\${WORKSPACE_ROOT:-}
etc=$root/etc/workspace-agent
lib=$root/usr/local/lib/workspace-agent
state=$root/var/lib/workspace-agent
mkdir -p "$etc" "$lib" "$state"`;

// An agent that an earlier boot fetched is better than none.
const START = `. "$etc/config"
fetch() {
  set -- "$1" "$2" --connect-timeout 5 --max-time 60
  if [ -s "$etc/ca.pem" ]; then set -- "$@" --cacert "$etc/ca.pem"; fi
  path=$1 file=$2
  shift 2
  curl -q -sS -f "$@" -o "$file.new" "$WORKSPACE_GATEWAY$path" && mv "$file.new" "$file" || [ -s "$file" ]
}
delay=1
until fetch /v1/agent "$lib/agent.sh" && fetch /v1/agent/unit "$lib/workspace-agent.service"; do
  sleep "$delay"
  if [ "$delay" -lt 30 ]; then delay=$((delay * 2)); fi
done
agent=
if [ -z "$root" ] && [ -d /run/systemd/system ]; then
  cp "$lib/workspace-agent.service" /etc/systemd/system/workspace-agent.service
  chmod 0644 /etc/systemd/system/workspace-agent.service
  systemctl daemon-reload
  systemctl enable --now workspace-agent.service
else
  sh "$lib/agent.sh" &
  agent=$!
  trap 'kill "$agent" 2>/dev/null' TERM INT
fi`;
