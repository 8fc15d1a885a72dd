# Shared by the scripts beside it: where a run keeps its things, what it needs, its PostgreSQL, its steps, its end.
# shellcheck shell=bash

set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

# Everything a run makes lies in this folder, temporary files of the tests too; what it starts carries its name.
run=$(mktemp -d "${TMPDIR:-/tmp}/outlay-run.XXXXXX") || exit 1
chmod 711 "$run"
mkdir "$run/tmp"
chmod 1777 "$run/tmp"
export OUTLAY_TEST_RUN=$run TMPDIR=$run/tmp

child=
passed=0
failed=0

# However the script ends, by Ctrl-C too, nothing of it stays behind.
finish() {
  local status=$?
  trap '' INT TERM
  if [[ -n $child ]]; then kill -TERM "$child" 2>/dev/null && wait "$child"; fi
  stop_postgres
  end_what_we_started
  rm -rf "$run"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Browsers and servers of a test that was cut short: known by the run's name in their environment.
end_what_we_started() {
  local environ pid
  for environ in /proc/[0-9]*/environ; do
    pid=${environ//[!0-9]/}
    if [[ $pid != "$$" ]] && grep -qzxF "OUTLAY_TEST_RUN=$run" "$environ" 2>/dev/null; then kill -KILL "$pid" 2>/dev/null; fi
  done
}

# step NAME SECONDS COMMAND…: runs one command with its output shown, within a time; counts the tests it reports.
step() {
  local name=$1 limit=$2 began=$SECONDS status=0 here_passed here_failed
  shift 2
  printf '\n== %s: %s\n' "$name" "$*"
  : >"$run/output"
  timeout --kill-after=10 "$limit" "$@" </dev/null >"$run/output" 2>&1 &
  child=$!
  tail -n +1 -f -s 0.2 --pid="$child" "$run/output" &
  local shown=$!
  wait "$child" || status=$?
  child=
  wait "$shown"
  read -r here_passed here_failed < <(sed -n 's/^test result: .* \([0-9]*\) passed; \([0-9]*\) failed;.*/\1 \2/p' "$run/output" |
    awk '{ p += $1; f += $2 } END { print p + 0, f + 0 }')
  # A step that failed without a failing test (a compile error, a crash, a time-out) counts as one failure.
  if ((status != 0 && here_failed == 0)); then here_failed=1; fi
  passed=$((passed + here_passed))
  failed=$((failed + here_failed))
  if ((status == 0)); then
    printf -- '-- %s: fine, %d s\n' "$name" $((SECONDS - began))
  elif ((status == 124 || status == 137)); then
    printf -- '-- %s: not done after %d s, so it was stopped\n' "$name" "$limit"
  else
    printf -- '-- %s: FAILED, %d s\n' "$name" $((SECONDS - began))
  fi
  return "$status"
}

# crash_rounds ENGINE URL ROUNDS SEED: kills, stops, cuts and fills, then compares; and on PostgreSQL two workers share and take over.
crash_rounds() {
  OUTLAY_TEST_DATABASE=$2 OUTLAY_CRASH_ROUNDS=$3 OUTLAY_CRASH_SEED=$4 \
    step "$3 crash rounds on $1" $((600 + 120 * $3)) "${tests[@]}" --test portal -- --nocapture --test-threads 1 \
      crash::whatever_dies crash::two_workers
}

# The closing line, which CI reads; the script's exit status says the same.
closing_line() {
  printf '\nall steps: %d s\n%d passed, %d failed\n' "$SECONDS" "$passed" "$failed"
  exit $((failed > 0))
}

# The folder of initdb and pg_ctl; Debian keeps them out of PATH.
postgres_bin() {
  local folder
  for folder in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV) "$(dirname "$(command -v initdb || echo /none/)")"; do
    if [[ -x $folder/initdb && -x $folder/pg_ctl ]]; then
      echo "$folder"
      return
    fi
  done
  return 1
}

# Installs what Debian can give us when we are root there; otherwise names it and stops. Nothing is skipped.
need_tools() {
  local missing=()
  command -v cargo >/dev/null || { echo "cargo is missing: install Rust $(sed -n 's/^rust-version = //p' Cargo.toml) from https://rustup.rs"; exit 1; }
  cargo fmt --version >/dev/null 2>&1 || { echo 'rustfmt is missing: rustup component add rustfmt'; exit 1; }
  cargo clippy --version >/dev/null 2>&1 || { echo 'clippy is missing: rustup component add clippy'; exit 1; }
  command -v git >/dev/null || missing+=(git)
  command -v cc >/dev/null || missing+=(gcc libc6-dev)
  command -v make >/dev/null || missing+=(make)
  postgres_bin >/dev/null || missing+=(postgresql)
  command -v chromium >/dev/null || missing+=(chromium)
  command -v chromedriver >/dev/null || missing+=(chromium-driver)
  if ((${#missing[@]} == 0)); then return; fi
  if [[ $(id -u) != 0 ]] || ! command -v apt-get >/dev/null; then
    echo "Missing: ${missing[*]} (the names of Debian's packages; on Debian: sudo apt-get install ${missing[*]})"
    exit 1
  fi
  # shellcheck disable=SC2016
  step "install ${missing[*]}" 900 env DEBIAN_FRONTEND=noninteractive \
    sh -c 'apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"' sh "${missing[@]}" || exit 1
}

# need_room GIB: says how much room a build needs where there is less, so that its failure is understood; goes on all the same.
need_room() {
  local free
  free=$(df -Pk . | awk 'NR == 2 { print int($4 / 1048576) }')
  echo "Free here: $free GiB"
  if ((free < $1)); then echo "That is little: a build from nothing takes about $1 GiB (target/, and ${TMPDIR:-/tmp} for what tests make)"; fi
}

postgres_data=

# A throw-away server on a free port of this machine, as an unprivileged user; sets $postgres_url.
# It is quick because it may forget: fsync and its like are off.
start_postgres() {
  local bin account port password try as=()
  bin=$(postgres_bin) || { echo 'PostgreSQL is missing: apt-get install postgresql'; return 1; }
  postgres_data=$run/postgres
  mkdir "$postgres_data"
  if [[ $(id -u) == 0 ]]; then
    account=$(id -nu postgres 2>/dev/null || echo nobody)
    chown "$account" "$postgres_data"
    as=(setpriv --reuid "$account" --regid "$(id -g "$account")" --clear-groups)
  fi
  postgres_as=(env -C "$postgres_data" "${as[@]}")
  password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  "${postgres_as[@]}" bash -c "umask 077; echo $password >password"
  "${postgres_as[@]}" "$bin/initdb" -D data -U outlay -A scram-sha-256 --pwfile=password -E UTF8 --locale C -N >"$run/initdb" 2>&1 ||
    { cat "$run/initdb"; return 1; }
  for try in 1 2 3 4 5 6 7 8; do
    port=$((20000 + RANDOM % 20000))
    if "${postgres_as[@]}" "$bin/pg_ctl" -w -t 60 -D data -l log -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
      -c fsync=off -c full_page_writes=off -c synchronous_commit=off -c max_connections=300" start >/dev/null; then
      postgres_url=postgres://outlay:$password@127.0.0.1:$port/postgres
      echo "PostgreSQL $("$bin/postgres" -V | grep -o '[0-9.]*' | head -1) on port $port"
      return
    fi
    echo "PostgreSQL did not start on port $port (try $try)"
  done
  cat "$postgres_data/log"
  return 1
}

stop_postgres() {
  if [[ -n $postgres_data && -d $postgres_data/data ]]; then
    "${postgres_as[@]}" "$(postgres_bin)/pg_ctl" -D data -m immediate stop >/dev/null 2>&1
  fi
  postgres_data=
}
