# shellcheck shell=bash
# Which suites do not run on PostgreSQL once more: tools/test and tools/test-full source it. Tests about the
# file of SQLite say so themselves (`needs_file`), and need no line here.

# Nothing that they test is different there.
# shellcheck disable=SC2034
not_of_postgresql=(
    --without test_http     # its server has no database
    --without test_runner   # tests/run itself
    --without test_sql      # asks both engines itself
    --without test_cluster  # brings its own PostgreSQL, as does the next one
    --without test_failover
)

# `make test` saves their time: what they ask of the database, others ask there, too. `make test-full` has them.
# shellcheck disable=SC2034
slow_on_postgresql=(
    --without node/           # twelve clients
    --without test_boundaries # every constraint of every operation, refused before the database is asked
    --without test_cli.       # the AWS CLI, slow to start
    --without test_codes
    --without test_controls
    --without test_docs
    --without test_functions
    --without test_idle
    --without test_import_crash # waits until the lease of a killed server is over, four times
    --without test_packaging
    --without test_passkey_browser
    --without test_timing
    --without test_transports
    --without test_triggers
)
