#!/usr/bin/env bash
# Give the files of this folder that git knows the time of their last commit, so that outputs carry it in CI, too, where
# a checkout makes every file new. Where the history was not fetched, all get one time: that of the commit, printed as
# SOURCE_DATE_EPOCH=… for the environment of the build.
set -euo pipefail
[ -z "${SOURCE_DATE_EPOCH:-}" ] || exit 0
git rev-parse --verify --quiet HEAD >/dev/null 2>&1 || exit 0
if [ "$(git rev-parse --is-shallow-repository)" = true ]; then
  echo "SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)"
  exit 0
fi
declare -A seen=()
time=
# Newest first: the first commit that names a file is its last. Entries end in NUL, as names may hold anything else but a
# slash at their start, which tells the time of a commit.
while IFS= read -r -d '' entry; do
  entry="${entry#$'\n'}"
  if [ "${entry:0:1}" = / ]; then
    time="${entry#/}"
  elif [ -n "$entry" ] && [ -z "${seen[$entry]:-}" ]; then
    seen[$entry]=1
    if [ -f "$entry" ] && [ ! -L "$entry" ]; then touch -d "@$time" -- "$entry"; fi
  fi
done < <(git log -z -c --relative --name-only --no-renames --format='/%ct' -- .)
