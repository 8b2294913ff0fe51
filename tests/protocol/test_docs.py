"""docs/operations.md: its commands run as they stand there, its table is the program's own."""
import contextlib
import os
import re
import signal
import subprocess
import unittest

from poolhouse import PoolhouseTest, binary, free_port, needs_file

DOCS = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'docs')


def operations():
    with open(os.path.join(DOCS, 'operations.md'), encoding='utf-8') as f:
        return f.read()


def run_with_all_it_starts(command, directory, environment):
    """Status and output; the servers that a failed script leaves behind end with it."""
    process = subprocess.Popen(command, cwd=directory, env=environment, text=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, start_new_session=True)
    try:
        text, _ = process.communicate(timeout=300)
        return process.returncode, text
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


class Operations(PoolhouseTest):
    server_options = {'memory': False}

    @needs_file
    def test_the_commands_run_as_written(self):
        blocks = re.findall(r'(?ms)^```sh run\n(.*?)^```$', operations())
        self.assertGreater(len(blocks), 5)
        here = self.server.directory
        os.symlink(os.path.abspath(binary()), os.path.join(here, 'poolhouse'))
        os.symlink(self.server.data, os.path.join(here, 'poolhouse-data'))
        script = 'set -euo pipefail\n' + '\n'.join(blocks)
        for port, ours in (('9229', self.server.port), ('9231', free_port()), ('9232', free_port()),
                           ('2525', free_port())):
            script = script.replace(port, str(ours))
        environment = {k: v for k, v in self.server.environment().items()
                       if not k.startswith(('AWS_', 'PYTHON'))}
        environment.update(PATH=f'{here}:/usr/bin:/bin', HOME=here, AWS_EC2_METADATA_DISABLED='true',
                           AWS_PAGER='', POOLHOUSE_SERVER_LISTEN=f'127.0.0.1:{self.server.port}')
        status, text = run_with_all_it_starts(['bash', '-c', script], here, environment)
        self.assertEqual(0, status, text)
        for part in ('announced', 'holds a copy', 'and is ready', '"fixed"', '140 operations: ',
                     'AccessDeniedException', 'refused, as it should be',
                     'UnrecognizedClientException', 'unknown by now', 'lets us in',
                     'Your username is bob', 'poolhouse_mail_sent_total'):
            self.assertIn(part, text)

    def test_the_table_of_keys_is_that_of_the_program(self):
        table = subprocess.run([binary(), 'config', 'keys'], capture_output=True, text=True,
                               check=True).stdout
        self.assertIn(table, operations(), 'put the output of `poolhouse config keys` there')


if __name__ == '__main__':
    unittest.main()
