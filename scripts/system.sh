#!/usr/bin/env bash
# Install the Debian packages named, if they are missing and apt and root (or sudo) are there; else say what to install.
set -euo pipefail
missing=()
for package in "$@"; do
  if ! dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed'; then
    missing+=("$package")
  fi
done
[ ${#missing[@]} -eq 0 ] && exit 0
# sudo hands no variables on.
as_root=(env DEBIAN_FRONTEND=noninteractive)
[ "$(id -u)" -eq 0 ] || as_root=(sudo -n "${as_root[@]}")
if command -v apt-get >/dev/null && { [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null; }; then
  echo "installing: ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
else
  echo "These Debian packages (or what gives the same elsewhere) are needed and cannot be installed from here:" >&2
  echo "  ${missing[*]}" >&2
  command -v apt-get >/dev/null && echo "As root: apt-get install ${missing[*]}" >&2
  # On another system they may be there under other names: go on, 'tiku doctor' looks at what matters.
  exit 0
fi
