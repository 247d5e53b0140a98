#!/bin/sh
# The workspace agent: tells the gateway which instance this is, fetches its environment at each boot, and heartbeats.
# Needs a POSIX shell, curl (7.55 or newer) and base64. The protocol is in docs/agent-protocol.md.
#
#   $WORKSPACE_ROOT/etc/workspace-agent/config   gateway, uid, number, ticket (written by the boot stub)
#   $WORKSPACE_ROOT/etc/workspace-agent/local    optional settings of the image or the class, see below
#   $WORKSPACE_ROOT/etc/workspace-agent/ca.pem   optional: what the gateway's certificate is checked with
#   $WORKSPACE_ROOT/var/lib/workspace-agent/     what outlives a reboot: boot counter, credential, restart context
#   $WORKSPACE_ROOT/run/workspace-agent/         environment (sh syntax, root only), url and active-tasks (yours to write)
#
# Settings: WORKSPACE_COMMAND            run with the environment, and run again when it ends
#           WORKSPACE_RESTART_HOOK       run once when this instance came of a restart; retried until it succeeds
#           WORKSPACE_INTERRUPTION_HOOK  run once when EC2 announces that it takes this Spot instance back
#           WORKSPACE_INTERRUPTION_POLL  seconds between two looks for such a notice
#           WORKSPACE_URL                told to the gateway, unless run/workspace-agent/url says otherwise
set -u
umask 077

version=1
root=${WORKSPACE_ROOT:-}
etc=$root/etc/workspace-agent
state=$root/var/lib/workspace-agent
run=$root/run/workspace-agent
metadata=${AWS_EC2_METADATA_SERVICE_ENDPOINT:-http://169.254.169.254}
metadata=${metadata%/}
max_backoff=${WORKSPACE_MAX_BACKOFF:-60}

digest='' period=30 boot=0 seq=0
sleeper='' command='' hook='' watcher=''
interruption='' interruption_at=''

log() { printf 'workspace-agent: %s\n' "$*" >&2; }

quit() {
  trap '' TERM INT
  for child in $sleeper $command $hook $watcher; do kill "$child" 2>/dev/null; done
  exit "$1"
}

# A signal ends the wait at once; a plain sleep would hold it back.
nap() {
  sleep "$1" &
  sleeper=$!
  wait "$sleeper"
  sleeper=''
}

# pause SECONDS: ends early when EC2 has announced that it takes this instance back.
pause() {
  left=$1
  while [ "$left" -gt 0 ]; do
    slice=$(poll_seconds)
    if [ -n "$interruption" ] || [ "$left" -lt "$slice" ]; then slice=$left; fi
    nap "$slice"
    left=$((left - slice))
    if take_notice; then return; fi
  done
}

# Two bytes of chance spread agents that were all turned away at the same moment.
jitter() { expr "$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')" % "$1" 2>/dev/null || :; }

if printf 'YQ==' | base64 -d >/dev/null 2>&1; then decode_flag=-d; else decode_flag=-D; fi
encode() { base64 | tr -d '\n'; }
decode() { base64 "$decode_flag"; }

field() { printf '%s %s\n' "$1" "$(printf %s "$2" | encode)"; }
answer() { sed -n "s/^$1 //p" "$run/answer" | decode; }
first_line() {
  line=
  if [ -r "$1" ]; then IFS= read -r line <"$1" || :; fi
  printf %s "$line"
}

# replace FILE: standard input becomes the file's content in one step, or not at all.
replace() { cat >"$1.new" && mv "$1.new" "$1"; }

# request PATH: posts run/request; sets $status (000: no answer) and leaves the answer's body and headers in files.
request() {
  set -- "$WORKSPACE_GATEWAY$1"
  if [ -s "$etc/ca.pem" ]; then set -- "$@" --cacert "$etc/ca.pem"; fi
  # From a file: an argument could be read by every process on the instance.
  if [ -s "$state/authorization" ]; then set -- "$@" -H "@$state/authorization"; fi
  : >"$run/headers"
  : >"$run/answer"
  status=$(curl -q -sS -o "$run/answer" -D "$run/headers" -w '%{http_code}' --connect-timeout 5 --max-time 20 \
    -H 'Content-Type: text/plain' -H 'Accept: text/plain' --data-binary "@$run/request" "$@") || status=000
}

retry_after() { sed -n 's/^[Rr]etry-[Aa]fter: *\([0-9]\{1,4\}\).*/\1/p' "$run/headers" | tail -n 1; }
error_code() { sed -n 's/.*"code":"\([a-z_]*\)".*/\1/p' "$run/answer"; }

retire() {
  log "launch $WORKSPACE_NUMBER is over ($(error_code)): stopping for good"
  quit 0
}

# back_off WHY: what the gateway asks for, else twice as long as the time before; a quarter more at random.
back_off() {
  asked=$(retry_after)
  wait_for=${asked:-$delay}
  log "$1; again in ${wait_for}s"
  if [ "$wait_for" -ge 4 ]; then wait_for=$((wait_for + $(jitter $((wait_for / 4 + 1))))); fi
  pause "$wait_for"
  delay=$((delay * 2))
  if [ "$delay" -gt "$max_backoff" ]; then delay=$max_backoff; fi
}

# Instance metadata, version 2. ask_metadata PATH OPTION…: the answer, on standard output.
open_metadata() {
  token=$(curl -q -s "$@" -f --noproxy '*' --connect-timeout 2 --max-time 5 -X PUT \
    -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$metadata/latest/api/token")
}
ask_metadata() {
  path=$1
  shift
  curl -q -s "$@" -f --noproxy '*' --connect-timeout 2 --max-time 5 -H "X-aws-ec2-metadata-token: $token" \
    "$metadata/latest/$path"
}

# EC2's word for which instance this is.
fetch_identity() {
  open_metadata -S || return 1
  for paper in document signature; do
    ask_metadata "dynamic/instance-identity/$paper" -S -o "$run/$paper" || return 1
  done
}

introduce() {
  fetch_identity || return 1
  field uid "$WORKSPACE_UID"
  field number "$WORKSPACE_NUMBER"
  field ticket "$WORKSPACE_TICKET"
  printf 'document %s\n' "$(encode <"$run/document")"
  field signature "$(cat "$run/signature")"
}

# Every value in single quotes. The # keeps its last newlines, which a command substitution would eat.
environment() {
  while read -r name value; do
    case $name in environment.*) name=${name#environment.} ;; *) continue ;; esac
    case $name in '' | [0-9]* | *[!A-Za-z0-9_]*) continue ;; esac
    printf "export %s='" "$name"
    { printf %s "$value" | decode && echo '#'; } | LC_ALL=C sed -e "s/'/'\\\\''/g" -e "\$s/#\$/'/"
  done <"$run/answer"
}

accept() {
  digest=$(answer digest) && credential=$(answer credential) && period=$(answer periodSeconds) || return 1
  if [ -z "$digest" ] || [ -z "$credential" ]; then return 1; fi
  environment | replace "$run/environment" || return 1
  printf 'Authorization: Bearer %s\n' "$credential" | replace "$state/authorization"
}

bootstrap() {
  delay=1
  while :; do
    : >"$run/headers"
    # With a credential too: it alone, were it stolen, fetches nothing.
    if ! introduce >"$run/request"; then
      back_off 'no answer from instance metadata'
      continue
    fi
    request /v1/bootstrap
    case $status in
      200) if accept; then break; fi ;;
      401) rm -f "$state/authorization" ;;
      410) retire ;;
    esac
    back_off "bootstrap: HTTP $status $(error_code)"
  done
  rm -f "$run/answer" "$run/request"
  log "launch $WORKSPACE_NUMBER, boot $boot: environment received"
}

# Read again and again: the class's script, which may write it, runs beside the agent.
read_settings() { if [ -r "$etc/local" ]; then . "$etc/local"; fi; }

run_command() {
  if [ -z "${WORKSPACE_COMMAND:-}" ]; then return; fi
  if [ -n "$command" ] && kill -0 "$command" 2>/dev/null; then return; fi
  (
    . "$run/environment"
    exec sh -c "$WORKSPACE_COMMAND"
  ) &
  command=$!
}

# Why this instance took the place of another; told again with each heartbeat until it is acknowledged.
take_restart_context() {
  cause=$(answer restart.cause)
  if [ -z "$cause" ] || [ -e "$state/acknowledged" ]; then return; fi
  if [ -n "$hook" ] && kill -0 "$hook" 2>/dev/null; then return; fi
  at=$(answer restart.at) changed=$(answer restart.changed)
  { field at "$at" && field cause "$cause" && field changed "$changed"; } | replace "$state/restart"
  log "restarted at $at: $cause" $changed
  (
    export WORKSPACE_RESTART_AT="$at" WORKSPACE_RESTART_CAUSE="$cause" WORKSPACE_RESTART_CHANGED="$changed"
    sh -c "${WORKSPACE_RESTART_HOOK:-:}" && : >"$state/acknowledged"
  ) &
  hook=$!
}

poll_seconds() {
  seconds=${WORKSPACE_INTERRUPTION_POLL:-5}
  if [ "$seconds" -ge 1 ] 2>/dev/null; then echo "$seconds"; else echo 5; fi
}

# Runs beside the agent, which may be waiting for its gateway: finds EC2's notice that it takes this instance back, and
# becomes the hook. On-demand instances are never told.
watch_for_notice() {
  while :; do
    kill -0 $$ 2>/dev/null || return
    if open_metadata; then
      case $(ask_metadata meta-data/instance-life-cycle) in spot | '') ;; *) return ;; esac
      if notice=$(ask_metadata meta-data/spot/instance-action); then
        action=$(printf %s "$notice" | sed -n 's/.*"action" *: *"\([a-z]*\)".*/\1/p')
        at=$(printf %s "$notice" | sed -n 's/.*"time" *: *"\([0-9TZ:.+-]*\)".*/\1/p')
        if [ -n "$action" ] && [ -n "$at" ]; then break; fi
      fi
    fi
    read_settings
    sleep "$(poll_seconds)"
  done
  log "EC2 announces: $action at $at"
  echo "$action $at" | replace "$run/interruption"
  # Once for a notice, also when the agent is started again after it.
  if [ "$(first_line "$state/interruption")" = "$action $at" ]; then return; fi
  echo "$action $at" | replace "$state/interruption"
  read_settings
  # The environment may hold variables of any name, these among them.
  set -- "$action" "$at"
  if [ -r "$run/environment" ]; then . "$run/environment"; fi
  export WORKSPACE_INTERRUPTION_ACTION="$1" WORKSPACE_INTERRUPTION_AT="$2"
  exec sh -c "${WORKSPACE_INTERRUPTION_HOOK:-:}"
}

# Succeeds once, when the notice is there.
take_notice() {
  if [ -n "$interruption" ] || [ ! -s "$run/interruption" ]; then return 1; fi
  read -r interruption interruption_at <"$run/interruption"
}

beat() {
  seq=$((seq + 1))
  url=$(first_line "$run/url")
  tasks=$(first_line "$run/active-tasks")
  {
    field number "$WORKSPACE_NUMBER"
    field boot "$boot"
    field seq "$seq"
    field env "$digest"
    field agent "sh/$version"
    if [ -n "${url:=${WORKSPACE_URL:-}}" ]; then field url "$url"; fi
    if [ -n "$tasks" ]; then field activeTasks "$tasks"; fi
    if [ -e "$state/acknowledged" ]; then field acknowledged true; fi
    if [ -n "$interruption" ]; then
      field interruption.action "$interruption"
      field interruption.at "$interruption_at"
    fi
  } >"$run/request"
  request /v1/heartbeat
  next=$period
  case $status in
    200)
      told=$(answer periodSeconds)
      next=${told:-$period} period=${told:-$period}
      take_restart_context
      ;;
    401) bootstrap ;;
    410) retire ;;
    *)
      asked=$(retry_after)
      if [ "${asked:-0}" -gt "$period" ]; then next=$asked; fi
      log "heartbeat: HTTP $status $(error_code); again in ${next}s"
      ;;
  esac
}

. "$etc/config" || exit 1
mkdir -p "$state" "$run" || exit 1
trap 'quit 0' TERM INT

# On disk before anything is said with it: a heartbeat of a boot that is not newer counts for nothing.
boot=$(first_line "$state/boot" | tr -cd 0-9)
boot=$((${boot:-0} + 1))
echo "$boot" | replace "$state/boot" || exit 1
sync "$state/boot" 2>/dev/null || sync

rm -f "$run/interruption"
watch_for_notice &
watcher=$!

bootstrap
while :; do
  read_settings
  run_command
  beat
  pause "$next"
done
