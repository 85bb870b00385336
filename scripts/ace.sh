#!/usr/bin/env bash
# DAISY Ace: `ace.sh install` puts it into .judges/ as locked in scripts/judges/; `ace.sh BOOK.epub DIR` writes its
# report to DIR. It drives the system's Chromium and fetches no other browser.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
judges="$here/../.judges"
if [ "${1:-}" = install ]; then
  mkdir -p "$judges"
  command -v npm >/dev/null || { echo "npm is needed for DAISY Ace: install Node.js 18 or later" >&2; exit 1; }
  cmp -s "$here/judges/package-lock.json" "$judges/installed.json" && exit 0
  cp "$here/judges/package.json" "$here/judges/package-lock.json" "$judges/"
  (cd "$judges" && PUPPETEER_SKIP_DOWNLOAD=1 npm ci --no-audit --no-fund --loglevel=error)
  cp "$here/judges/package-lock.json" "$judges/installed.json"
  exit 0
fi
[ $# -eq 2 ] || { echo "usage: ace.sh install | ace.sh BOOK.epub DIR" >&2; exit 2; }
ace="$judges/node_modules/@daisy/ace-cli/bin/ace.js"
[ -f "$ace" ] || { echo "Ace is not installed: make judges" >&2; exit 3; }
PUPPETEER_EXECUTABLE_PATH=${PUPPETEER_EXECUTABLE_PATH:-$(command -v chromium || command -v chromium-browser || command -v google-chrome)}
export PUPPETEER_EXECUTABLE_PATH
# The default waits five seconds for the browser to start, which a busy machine exceeds.
export ACE_TIMEOUT_INITIAL=120000
exec node "$ace" --force --silent --outdir "$2" "$1"
