"""Figures of a run: how much was tried, acknowledged, lost.

`tests/run --figures FILE` names the file; each note is one line of JSON there. tools/reliability-page
makes the tables of docs/reliability.md from it. Without a file the figures are only shown.
"""
import json
import os
import sys

FILE = os.environ.get('POOLHOUSE_TEST_FIGURES')


def note(what, **numbers):
    """One measurement of `what`; several of the same name are added up by the reader."""
    print(f'{what}: ' + ', '.join(f'{k} {v}' for k, v in numbers.items()), file=sys.stderr, flush=True)
    if FILE:
        line = json.dumps({'what': what, **numbers}) + '\n'
        # One write to a file opened for appending: suites run beside each other.
        fd = os.open(FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(fd, line.encode())
        finally:
            os.close(fd)
