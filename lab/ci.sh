#!/bin/sh
# ci.sh [NN…]: engine up, images built, scenarios run for real, engine down again if this started it. Without names:
# 01 to 08 whole, 09 short, and the faults of nothing-lost that have a figure once each. By hand, because too slow for each change:
# nothing-lost as a whole (half an hour), nothing-lost-pg (a quarter; 08 has its main fault), stale-reads, and soak (an hour).
# A scenario that fails is run once more, because the machine may be busy; not so where a write was lost, or anything else
# that a shopper is promised (exit code 3). Exit 1 when one fails in the end; the others still run. Ends by itself within
# LAB_CI_MINUTES.
set -u

# As one function: a shell reads its script as it runs, and this one may be edited meanwhile.
main() {
cd "$(dirname "$0")/.."
limit=$(( ${LAB_CI_MINUTES:-60} * 60 ))
began=$(date +%s)
left() { echo $(( limit - $(date +%s) + began )); }

# What it waits for is stretched on a busy machine; what it measures is not.
LAB_TIME_FACTOR=${LAB_TIME_FACTOR:-2}; export LAB_TIME_FACTOR

# A network with a certificate authority of its own: the one this machine's npm already trusts.
if [ -z "${LAB_CA_FILE:-}" ]; then
  authority=${NODE_EXTRA_CA_CERTS:-$(npm config get cafile 2>/dev/null)}
  if [ -n "$authority" ] && [ "$authority" != null ] && [ -s "$authority" ]; then LAB_CA_FILE=$authority; export LAB_CA_FILE; fi
fi

lab() { node --import ./scripts/typescript.mjs lab/cli.ts "$@"; }
finish() {
  trap '' INT TERM
  lab down --data
  lab/offline/engine.sh down
}
trap 'finish; exit 130' INT TERM

lab/offline/engine.sh up && lab/offline/base-image.sh || { lab/offline/engine.sh down; exit 1; }
echo "lab: building the images ($(left) s left)"
spent="engine $(( $(date +%s) - began ))" since=$(date +%s)
if ! timeout "$(left)" docker compose --profile '*' build >lab/build.log 2>&1; then
  tail -n 40 lab/build.log
  finish
  exit 1
fi

note_time() { spent="$spent, $1 $(( $(date +%s) - since ))"; since=$(date +%s); }
note_time images

# The runner heals and cleans up on TERM; KILL only when it does not.
attempt() { timeout --foreground --kill-after=90 "$(left)" node --import ./scripts/typescript.mjs lab/cli.ts run "$@"; }
run_scenario() {
  case $1 in nothing-lost* | 09) set -- "$1" --short ;; esac
  attempt "$@"
  code=$?
  [ $code = 0 ] || note_failures "$1"
  [ $code = 1 ] && [ "$(left)" -gt 300 ] || return $code
  echo "lab: scenario $1 failed and is run once more"
  failures="$failures (and was run once more)"
  again="$again $1"
  attempt "$@" || { code=$?; note_failures "$1"; return $code; }
}
# Told again at the very end, which is what is left of a long log.
note_failures() {
  # With another LAB_NET or LAB_NAME the reports have a folder of their own.
  result=$(ls -t "lab/reports/$1/result.json" lab/reports/*/"$1/result.json" 2>/dev/null | head -n 1)
  failures="$failures$(node -p '
    JSON.parse(require("node:fs").readFileSync(process.argv[2])).claims
      .filter(({ holds }) => !holds)
      .map(({ claim, evidence }) => `\nlab: ${process.argv[1]} FAILS  ${claim}. Seen: ${evidence}`.slice(0, 600))
      .join("")' "$1" "$result" 2>/dev/null || printf '\nlab: %s left no report' "$1")"
}

passed=0 failed= again= failures=
for number in ${*:-01 02 03 04 05 06 07 08 09 nothing-lost}; do
  [ -e "lab/scenarios/$number.ts" ] || { echo "lab: there is no scenario $number"; failed="$failed $number"; continue; }
  [ "$(left)" -lt 60 ] && { echo "lab: no time left for scenario $number"; failed="$failed $number"; continue; }
  if run_scenario "$number"; then passed=$((passed + 1)); else failed="$failed $number"; fi
  note_time "$number"
done
lab report
finish
[ -z "$failures" ] || printf '%s\n' "$failures"
echo "lab: seconds: $spent"
echo "lab: $passed scenarios passed, run twice:${again:- none}, failed:${failed:- none}, in $(( $(date +%s) - began )) s"
[ -z "$failed" ]
}

main "$@"
exit
