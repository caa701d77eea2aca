#!/usr/bin/env bash
# PostgreSQL's pgcrypto on the rows of a CSV, in a throw-away cluster on a Unix socket.
# Usage: pgcrypto.sh FILE.csv   (id and ten columns, as benches/seal.rs writes them)
# Prints: "pgp ROWS SECONDS" for pgp_sym_encrypt with its defaults on the first 4,000 rows, and
# "raw ROWS SECONDS BYTES" for encrypt_iv (AES-CBC, unauthenticated) with four HMAC-SHA-256 columns,
# each indexed, on all rows. Load of the clear rows is not counted. Needs Debian's postgresql-15.
set -euo pipefail
csv=$(realpath "$1")
bin=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)
dir=$(mktemp -d)
run=()
if [ "$(id -u)" = 0 ]; then
  chown postgres "$dir"
  run=(runuser -u postgres --)
fi
cleanup() {
  "${run[@]}" "$bin/pg_ctl" -D "$dir/data" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$dir"
}
trap cleanup EXIT
cp "$csv" "$dir/rows.csv"
chmod a+r "$dir/rows.csv"
cd "$dir"
"${run[@]}" "$bin/initdb" -D "$dir/data" -A trust >/dev/null
"${run[@]}" "$bin/pg_ctl" -D "$dir/data" -w -l "$dir/log" \
  -o "-k $dir -c listen_addresses='' -c shared_buffers=1GB -c max_wal_size=8GB" start >/dev/null
sql() { "${run[@]}" "$bin/psql" -h "$dir" -d postgres -qAt -v ON_ERROR_STOP=1 "$@"; }
sql -c 'create extension pgcrypto'
cols=(first_name last_name street_address date_of_birth card_number bank_account ssn email phone
  user_name)
columns() { printf "%s $1," "${cols[@]}" | sed 's/,$//'; }
sql -c "create table clear (id text primary key, $(columns text))"
sql -c "\\copy clear from '$dir/rows.csv' csv header"
sql -c "create table pgp (id text primary key, $(columns bytea))"
sql -c "create table raw (id text primary key, $(columns bytea),
  h_ssn bytea, h_email bytea, h_phone bytea, h_user bytea)"
for h in h_ssn h_email h_phone h_user; do sql -c "create index on raw ($h)"; done
sql -c 'checkpoint'
now() { date +%s.%N; }
pgp=$(printf "pgp_sym_encrypt(%s, 'a passphrase of some length')," "${cols[@]}" | sed 's/,$//')
a=$(now); sql -c "insert into pgp select id, $pgp from clear order by id limit 4000"; b=$(now)
echo "pgp $(sql -c 'select count(*) from pgp') $(echo "$b - $a" | bc)"
key="decode('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f','hex')"
raw=$(printf "encrypt_iv(convert_to(%s,'UTF8'),$key,gen_random_bytes(16),'aes')," "${cols[@]}")
macs=$(printf "hmac(convert_to(%s,'UTF8'),$key,'sha256')," ssn email phone user_name)
a=$(now)
sql -c "insert into raw select id, $raw ${macs%,} from clear"
b=$(now)
size=$(sql -c "select pg_total_relation_size('raw')")
echo "raw $(sql -c 'select count(*) from raw') $(echo "$b - $a" | bc) $size"
