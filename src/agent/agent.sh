#!/bin/sh
# The workspace agent: tells the gateway which instance this is, fetches its environment at each boot, and heartbeats.
# Needs a POSIX shell, curl (7.55 or newer) and base64. The protocol is in docs/agent-protocol.md.
#
# With the argument unit it prints its systemd unit.
#
#   $WORKSPACE_ROOT/etc/workspace-agent/config   gateway, uid, number, ticket (written by the boot stub)
#   $WORKSPACE_ROOT/etc/workspace-agent/local    optional settings of the image or the class, see below
#   $WORKSPACE_ROOT/etc/workspace-agent/ca.pem   optional: what the gateway's certificate is checked with, until a later
#                                                bundle came from the gateway (var/lib/workspace-agent/ca.pem)
#   $WORKSPACE_ROOT/var/lib/workspace-agent/     what outlives a reboot: boot counter, credential, restart context
#   $WORKSPACE_ROOT/run/workspace-agent/         environment (sh syntax, root only), url and active-tasks (yours to write)
#
# Settings: WORKSPACE_COMMAND            run with the environment, and run again when it ends
#           WORKSPACE_USER               whom the command and the interruption hook run as; root without it
#           WORKSPACE_RESTART_HOOK       run once when this instance came of a restart; retried until it succeeds
#           WORKSPACE_INTERRUPTION_HOOK  run once when EC2 announces that it takes this Spot instance back
#           WORKSPACE_INTERRUPTION_POLL  seconds between two looks for such a notice
#           WORKSPACE_URL                told to the gateway, unless run/workspace-agent/url says otherwise
set -u
umask 077

if [ "${1:-}" = unit ]; then
  cat <<'UNIT'
[Unit]
Description=Workspace agent
Documentation=file:///usr/local/lib/workspace-agent/agent.sh
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
ExecStart=/bin/sh /usr/local/lib/workspace-agent/agent.sh
# Ends with status 0 only when its launch is over or somebody stopped it.
Restart=on-failure
RestartSec=5
UMask=0077
StateDirectory=workspace-agent
StateDirectoryMode=0700
RuntimeDirectory=workspace-agent
RuntimeDirectoryMode=0700
RuntimeDirectoryPreserve=restart

[Install]
WantedBy=multi-user.target
UNIT
  exit 0
fi

version=2
root=${WORKSPACE_ROOT:-}
etc=$root/etc/workspace-agent
state=$root/var/lib/workspace-agent
run=$root/run/workspace-agent
metadata=${AWS_EC2_METADATA_SERVICE_ENDPOINT:-http://169.254.169.254}
metadata=${metadata%/}
max_backoff=${WORKSPACE_MAX_BACKOFF:-60}

digest='' period=30 boot=0 seq=0
sleeper='' command='' hook='' watcher=''
failures=0 trouble='' ignored=''
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
  ca=$(bundle)
  if [ -n "$ca" ]; then set -- "$@" --cacert "$ca"; fi
  # From a file: an argument could be read by every process on the instance.
  if [ -s "$state/authorization" ]; then set -- "$@" -H "@$state/authorization"; fi
  : >"$run/headers"
  : >"$run/answer"
  status=$(curl -q -sS -o "$run/answer" -D "$run/headers" -w '%{http_code}' --connect-timeout 5 --max-time 20 \
    -H 'Content-Type: text/plain' -H 'Accept: text/plain' --data-binary "@$run/request" "$@")
  case $? in
    0) ;;
    # 77: the bundle can't be read.
    51 | 60 | 77) status=000 && complain ;;
    *) status=000 ;;
  esac
}

# What the gateway's certificate is checked with; nothing for the system's own.
bundle() {
  for file in "$state/ca.pem" "$etc/ca.pem"; do
    if [ -s "$file" ]; then echo "$file" && return; fi
  done
}
digest_of() { sha256sum <"$1" | cut -c-64; }

# Says that this instance distrusts what answers for the gateway, to that very server: the ticket alone opens nothing, and
# whoever takes it in learns no more than whoever may describe the instance.
complain() {
  {
    field uid "$WORKSPACE_UID"
    field number "$WORKSPACE_NUMBER"
    field ticket "$WORKSPACE_TICKET"
  } | curl -q -s -k -o /dev/null --connect-timeout 5 --max-time 10 -H 'Content-Type: text/plain' --data-binary @- \
    "$WORKSPACE_GATEWAY/v1/distrust" || :
}

# take_bundle DIGEST: from now on the gateway's certificate is checked with this bundle, which comes from a gateway that is
# trusted still. One that the gateway's certificate does not stand is not taken: it would lock this instance out.
take_bundle() {
  held=$(bundle)
  case $1 in '' | *[!0-9a-f]*) return ;; esac
  if [ -z "$held" ] || [ "$(digest_of "$held")" = "$1" ]; then return; fi
  set -- "$1" -q -s -f --connect-timeout 5 --max-time 20 "$WORKSPACE_GATEWAY/v1/ca/$1"
  wanted=$1
  shift
  curl "$@" --cacert "$held" -o "$run/ca.pem" || return
  if [ "$(digest_of "$run/ca.pem")" != "$wanted" ]; then log "the CA bundle is not $wanted" && return; fi
  if ! curl "$@" --cacert "$run/ca.pem" -o /dev/null; then
    log "the gateway's certificate does not stand the CA bundle $wanted yet; the one before it stays"
    return
  fi
  if replace "$state/ca.pem" <"$run/ca.pem"; then log "the gateway is checked with the CA bundle $wanted"; fi
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

# The value in single quotes. The # keeps its last newlines, which a command substitution would eat.
variable() {
  printf "export %s='" "$1"
  { printf %s "$2" | decode && echo '#'; } | LC_ALL=C sed -e "s/'/'\\\\''/g" -e "\$s/#\$/'/"
}

# settable FILE: whether the shell can set all variables of the file. One that it keeps to itself would end it.
settable() { [ "$("$shell" -c '. "$1" && echo yes' sh "$1" 2>/dev/null)" = yes ]; }

# environment all|settable
environment() {
  while read -r name value; do
    case $name in environment.*) name=${name#environment.} ;; *) continue ;; esac
    case $name in '' | [0-9]* | *[!A-Za-z0-9_]*) continue ;; esac
    # Bash computes with the value of such a variable, and runs the commands in it; or takes it for what it is to run.
    case $name in RANDOM | SRANDOM | HISTCMD | OPTIND | BASH_ARGV0 | BASH_COMPAT | BASH_XTRACEFD) log "left out: a shell acts on $name" && continue ;; esac
    variable "$name" "$value" >"$run/variable" || return 1
    if [ "$1" = all ] || settable "$run/variable"; then cat "$run/variable"; else log "left out: this shell can't set $name"; fi
  done <"$run/answer"
}

accept() {
  digest=$(answer digest) && credential=$(answer credential) && period=$(answer periodSeconds) || return 1
  if [ -z "$digest" ] || [ -z "$credential" ]; then return 1; fi
  environment all >"$run/environment.new" || return 1
  settable "$run/environment.new" || environment settable >"$run/environment.new" || return 1
  mv "$run/environment.new" "$run/environment" || return 1
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
  rm -f "$run/answer" "$run/request" "$run/variable"
  log "launch $WORKSPACE_NUMBER, boot $boot: environment received"
}

# Read again and again: the class's script, which may write it, runs beside the agent.
read_settings() { if [ -r "$etc/local" ]; then . "$etc/local"; fi; }

# Loads the environment from 3, says on 4 that it could, and becomes $1. A shell of its own, so that no variable replaces
# a setting of the class or a program that runs as root.
loader='eval "$(cat <&3)"; exec 3<&-; echo yes >&4; exec 4>&-; exec "$2" -c "$1"'

# with_environment COMMAND: becomes the command, as WORKSPACE_USER.
with_environment() {
  if [ -r "$run/environment" ]; then exec 3<"$run/environment"; else exec 3</dev/null; fi
  if [ -n "${WORKSPACE_USER:-}" ]; then as_user "$shell" -c "$loader" sh "$1" "$shell"; fi
  exec "$shell" -c "$loader" sh "$1" "$shell"
}

# as_user PROGRAM ARGUMENT…: becomes the program, as another user; ends where that can't be.
as_user() {
  case $WORKSPACE_USER in -* | *[!A-Za-z0-9._-]*) log "WORKSPACE_USER is no user name" && exit 1 ;; esac
  if ! user=$(id -u "$WORKSPACE_USER") || ! group=$(id -g "$WORKSPACE_USER"); then exit 1; fi
  eval "HOME=~$WORKSPACE_USER"
  USER=$WORKSPACE_USER LOGNAME=$WORKSPACE_USER
  export HOME USER LOGNAME
  if [ "$user" = "$(id -u)" ]; then exec "$@"; fi
  set -- --reuid "$user" --regid "$group" --init-groups "$@"
  if setpriv --reuid "$user" --regid "$group" --init-groups true 2>/dev/null; then exec setpriv "$@"; fi
  shift 5
  exec su -s "$shell" -c 'exec "$@"' -- "$WORKSPACE_USER" sh "$@"
}

is_running() { [ -n "$command" ] && kill -0 "$command" 2>/dev/null; }

# Starts the command where it does not run. It fails when it can't be started, or fails twice within a heartbeat's period.
run_command() {
  if [ -z "${WORKSPACE_COMMAND:-}" ]; then trouble='' && return; fi
  if is_running; then
    if [ -s "$run/started" ]; then failures=0 trouble=''; fi
    return
  fi
  if [ -n "$command" ]; then
    wait "$command"
    code=$?
    if [ "$code" -eq 0 ]; then failures=0; else failures=$((failures + 1)); fi
    # Could not be run at all, in the words of a shell.
    if [ "$code" -eq 126 ] || [ "$code" -eq 127 ]; then failures=$((failures + 1)); fi
    log "the command ended with status $code; starting it again"
  fi
  (with_environment "$WORKSPACE_COMMAND") 4>"$run/started" &
  command=$!
  tries=0
  while [ "$tries" -lt 20 ] && [ ! -s "$run/started" ] && is_running; do
    tries=$((tries + 1))
    nap 0.1 2>/dev/null
  done
  trouble=''
  if [ "$failures" -ge 2 ] || { [ ! -s "$run/started" ] && ! is_running; }; then trouble=CommandFailing; fi
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
  with_environment "export WORKSPACE_INTERRUPTION_ACTION='$action' WORKSPACE_INTERRUPTION_AT='$at'
${WORKSPACE_INTERRUPTION_HOOK:-:}" 4>/dev/null
}

# Succeeds once, when the notice is there.
take_notice() {
  if [ -n "$interruption" ] || [ ! -s "$run/interruption" ]; then return 1; fi
  read -r interruption interruption_at <"$run/interruption"
}

# optional NAME VALUE: a field of the heartbeat that has a value and was not refused.
optional() {
  if [ -z "$2" ] || [ "$refused" = all ]; then return; fi
  case " $refused " in *" ${1%%.*} "*) ;; *) field "$1" "$2" ;; esac
}

# say_beat REFUSED: names of optional fields that the gateway does not take, or all.
say_beat() {
  refused=$1
  seq=$((seq + 1))
  url=$(first_line "$run/url")
  {
    field number "$WORKSPACE_NUMBER"
    field boot "$boot"
    field seq "$seq"
    field env "$digest"
    optional agent "sh/$version"
    if [ -e "$state/acknowledged" ]; then field acknowledged true; fi
    optional url "${url:-${WORKSPACE_URL:-}}"
    optional activeTasks "$(first_line "$run/active-tasks")"
    optional trouble "$trouble"
    optional interruption.action "$interruption"
    optional interruption.at "$interruption_at"
    if [ -n "$(bundle)" ]; then optional ca "$(digest_of "$(bundle)")"; fi
  } >"$run/request"
  request /v1/heartbeat
}

# A field that the gateway does not take costs itself alone.
told_ignored() {
  if [ -n "$1" ] && [ "$1" != "$ignored" ]; then log "the gateway does not take:" $1; fi
  ignored=$1
}

beat() {
  say_beat ''
  if [ "$status" = 400 ]; then
    named=$(sed -n 's/.*"details":\[\([^]]*\)\].*/\1/p' "$run/answer" | tr ',' '\n' | sed -n 's/^ *"\([a-zA-Z]*\)[.:].*/\1/p' | tr '\n' ' ')
    told_ignored "${named:-all}"
    say_beat "${named:-all}"
  fi
  next=$period
  case $status in
    200)
      told=$(answer periodSeconds)
      next=${told:-$period} period=${told:-$period}
      if [ -z "$refused" ]; then told_ignored "$(answer ignored)"; fi
      take_restart_context
      take_bundle "$(answer ca)"
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
# A busybox that is its own sh names itself without a path.
shell=$(command -v sh)
case $shell in /*) ;; *) shell=/bin/sh ;; esac
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
