# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# What data/dev/run and tests/run have in common. Sourced, never run.

WEIR_ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)

# Node and Deno bring their own lists of certificate authorities; those that this machine trusts
# on top (of a company's proxy, say) are in Debian's. Inherited by everything that fetches.
if [[ -f /etc/ssl/certs/ca-certificates.crt ]]; then
  export NODE_EXTRA_CA_CERTS=${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}
fi
export DENO_TLS_CA_STORE=${DENO_TLS_CA_STORE:-system,mozilla}

say() { printf '%s\n' "==> $*"; }
note() { printf '%s\n' "    $*"; }
die() {
  printf '%s\n' "error: $1" >&2
  shift
  if (($# > 0)); then printf '       %s\n' "$@" >&2; fi
  exit 1
}

# Works without HOME (a service, a CI job), as the specification of the XDG folders says:
# a relative path in the variable counts as none.
data_home() {
  local home=${HOME:-}
  if [[ ${XDG_DATA_HOME:-} == /* ]]; then
    printf '%s\n' "$XDG_DATA_HOME"
    return
  fi
  if [[ $home != /* ]]; then home=$(getent passwd "$(id -u)" | cut -d: -f6); fi
  if [[ $home == /* && -d $home && -w $home ]]; then
    printf '%s\n' "$home/.local/share"
  else
    printf '%s\n' "$WEIR_ROOT/.weir/share"
  fi
}

# sudo ./data/dev/run: the packages need root, the rest belongs to whoever owns the checkout.
# Prints the user to go on as, or nothing.
user_behind_sudo() {
  local uid=${SUDO_UID:-0}
  if [[ $(id -u) == 0 && $uid != 0 && $(stat -c %u -- "$WEIR_ROOT") == "$uid" ]]; then
    printf '%s\n' "#$uid"
  fi
}

run_as_root() {
  if [[ $(id -u) == 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo -- "$@"
  else
    die "installing packages needs root, and there is no sudo here" \
      "as root, run: $*"
  fi
}

# wanted_packages GROUP…: those packages of the groups for which no program stands in.
wanted_packages() {
  local group package command wanted
  while read -r group package command; do
    [[ -n $group && $group != \#* ]] || continue
    for wanted in "$@"; do
      [[ $group == "$wanted" ]] || continue
      if [[ -z $command ]] || ! command -v "$command" >/dev/null; then
        printf '%s\n' "$package"
      fi
    done
  done <"$WEIR_ROOT/data/dev/packages"
}

missing_packages() {
  local -A installed=()
  local -a wanted
  local package status
  mapfile -t wanted < <(wanted_packages "$@")
  ((${#wanted[@]} > 0)) || return 0
  while read -r package status; do
    if [[ $status == ii* ]]; then installed[$package]=1; fi
  done < <(dpkg-query -W -f '${Package} ${db:Status-Abbrev}\n' "${wanted[@]}" 2>/dev/null || true)
  for package in "${wanted[@]}"; do
    if [[ -z ${installed[$package]:-} ]]; then printf '%s\n' "$package"; fi
  done
}

install_packages() {
  local -a missing
  if ! command -v dpkg-query >/dev/null; then
    note "this is no Debian: install by hand what data/dev/packages lists ($*)"
    return
  fi
  mapfile -t missing < <(missing_packages "$@")
  if ((${#missing[@]} == 0)); then
    note "Debian packages ($*): all there"
    return
  fi
  note "Debian packages ($*): installing ${missing[*]}"
  run_as_root apt-get -q -o DPkg::Lock::Timeout=300 update </dev/null ||
    die "apt-get update failed" "look at the lines above: no network, or a bad sources.list?"
  run_as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
    -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 install "${missing[@]}" </dev/null ||
    die "apt-get install failed for: ${missing[*]}" "mend what it says above and run this again"
}

# deno_is_fit PROGRAM: exists and is 2.4 or later. Leaves the version in deno_version.
deno_is_fit() {
  local major minor
  deno_version=$(NO_COLOR=1 "$1" --version 2>/dev/null | sed -n 's/^deno \([0-9.]*\).*/\1/p') ||
    return 1
  IFS=. read -r major minor _ <<<"$deno_version"
  [[ $major =~ ^[0-9]+$ && $minor =~ ^[0-9]+$ ]] || return 1
  ((major > 2 || (major == 2 && minor >= 4)))
}

fetch_deno() {
  local dir=$1 fresh binary
  local -a found
  install_packages deno
  note "Deno: getting it from npm (package deno, about 50 MB) into $dir"
  fresh=$dir.new.$$
  rm -rf -- "$fresh"
  mkdir -p -- "$fresh"
  # The copy is put in place whole or not at all, so that an interrupted run leaves no half.
  if ! npm install --prefix "$fresh" --no-audit --no-fund --loglevel=error 'deno@2' </dev/null; then
    rm -rf -- "$fresh"
    die "npm could not install the package deno" \
      "look at the lines above; or install Deno 2.4 or later yourself and put it on PATH"
  fi
  found=("$fresh"/node_modules/@deno/linux-*/deno)
  binary=${found[0]}
  if [[ ! -f $binary ]]; then
    rm -rf -- "$fresh"
    die "the npm package deno has no program for this machine ($(uname -m))" \
      "install Deno 2.4 or later yourself and put it on PATH"
  fi
  chmod 755 -- "$binary"
  mkdir -p -- "$fresh/bin"
  ln -s -- "..${binary#"$fresh"}" "$fresh/bin/deno"
  rm -rf -- "$dir"
  mv -- "$fresh" "$dir"
}

# Afterwards `deno` is on PATH, for this process and what it starts. Leaves in own_deno the folder
# that it took for that, if any.
find_deno() {
  local dir
  own_deno=
  if [[ -n ${WEIR_DENO:-} ]]; then
    deno_is_fit "$WEIR_DENO" || die "WEIR_DENO=$WEIR_DENO is not Deno 2.4 or later"
    note "Deno $deno_version: $WEIR_DENO (from WEIR_DENO)"
    return
  fi
  if command -v deno >/dev/null; then
    if deno_is_fit deno; then
      note "Deno $deno_version: $(command -v deno)"
      return
    fi
    note "Deno ${deno_version:-(of unknown version)} on PATH is older than 2.4: not used"
  fi
  dir=$(data_home)/weir/deno
  if ! deno_is_fit "$dir/bin/deno"; then
    fetch_deno "$dir"
    deno_is_fit "$dir/bin/deno" || die "$dir/bin/deno does not run" "remove $dir and try again"
  fi
  own_deno=$dir/bin
  export PATH="$own_deno:$PATH"
  note "Deno $deno_version: $own_deno/deno"
}

# build BUILD-DIR MESON-OPTION…: configures when needed, then compiles what changed.
build() {
  local dir=$1 stamp log
  shift
  stamp="$WEIR_ROOT $*"
  if [[ -f $dir/build.ninja && ! -f $dir/.weir-setup ]]; then
    note "using the build folder $dir as you configured it"
  elif [[ -e $dir && $(cat -- "$dir/.weir-setup" 2>/dev/null) != "$stamp" ]]; then
    # Other options, a checkout that was moved, or a configuration that was interrupted.
    [[ -d $dir/meson-private || -f $dir/.weir-setup || -z $(ls -A -- "$dir") ]] ||
      die "$dir is in the way and is not a build folder" "move it away"
    rm -rf -- "$dir"
  fi
  if [[ ! -f $dir/build.ninja ]]; then
    note "configuring $dir"
    log=$(mktemp)
    if ! (cd -- "$WEIR_ROOT" && meson setup "$dir" "$@") >"$log" 2>&1 </dev/null; then
      tail -n 30 -- "$log" >&2
      rm -f -- "$log"
      die "meson setup failed" "look at the lines above, and at $dir/meson-logs/meson-log.txt"
    fi
    rm -f -- "$log"
    printf '%s' "$stamp" >"$dir/.weir-setup"
  fi
  note "compiling in $dir"
  ninja -C "$dir" </dev/null || die "the build failed" "look for FAILED: above"
}
