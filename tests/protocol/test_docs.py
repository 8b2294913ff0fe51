"""The commands of docs/ run as they stand there; tables of keys and operations are the program's own."""
import contextlib
import os
import re
import signal
import subprocess
import tempfile
import unittest

from poolhouse import PoolhouseTest, binary, free_port, needs_file

DOCS = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'docs')


def page(name):
    with open(os.path.join(DOCS, name), encoding='utf-8') as f:
        return f.read()


def script_of(name):
    """The blocks to run, and how many they are."""
    blocks = re.findall(r'(?ms)^```sh run\n(.*?)^```$', page(name))
    return 'set -euo pipefail\n' + '\n'.join(blocks), len(blocks)


def shell_environment(directory, environment):
    """A plain shell's, in which `poolhouse` is the program under test."""
    kept = {k: v for k, v in environment.items() if not k.startswith(('AWS_', 'PYTHON'))}
    kept.update(PATH=f'{directory}:/usr/bin:/bin', HOME=directory, AWS_PAGER='',
                AWS_EC2_METADATA_DISABLED='true')
    os.symlink(os.path.abspath(binary()), os.path.join(directory, 'poolhouse'))
    return kept


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
        script, count = script_of('operations.md')
        self.assertGreater(count, 5)
        here = self.server.directory
        os.symlink(self.server.data, os.path.join(here, 'poolhouse-data'))
        for port, ours in (('9229', self.server.port), ('9231', free_port()), ('9232', free_port()),
                           ('2525', free_port())):
            script = script.replace(port, str(ours))
        environment = shell_environment(here, self.server.environment())
        environment['POOLHOUSE_SERVER_LISTEN'] = f'127.0.0.1:{self.server.port}'
        status, text = run_with_all_it_starts(['bash', '-c', script], here, environment)
        self.assertEqual(0, status, text)
        for part in ('announced', 'holds a copy', 'is now what shop.db holds', 'under the passphrase',
                     'and was compared with it', 'and is ready', '"fixed"', '140 operations: ',
                     'AccessDeniedException', 'refused, as it should be',
                     'UnrecognizedClientException', 'unknown by now', 'lets us in',
                     'Your username is bob', 'poolhouse_mail_sent_total'):
            self.assertIn(part, text)

    def test_the_table_of_keys_is_that_of_the_program(self):
        table = subprocess.run([binary(), 'config', 'keys'], capture_output=True, text=True,
                               check=True).stdout
        self.assertIn(table, page('operations.md'), 'put the output of `poolhouse config keys` there')


class Development(unittest.TestCase):
    def test_the_commands_run_as_written(self):
        script, count = script_of('development.md')
        self.assertGreater(count, 5)
        for port in ('9231', '9232'):
            script = script.replace(port, str(free_port()))
        environment = {k: v for k, v in os.environ.items() if not k.startswith('POOLHOUSE_')}
        with tempfile.TemporaryDirectory() as here:
            status, text = run_with_all_it_starts(['bash', '-c', script], here,
                                                  shell_environment(here, environment))
        self.assertEqual(0, status, text)
        for part in ('Bearer', 'eu-west-1_Shop00001', 'output mystack.UserPoolId us-east-1_',
                     'Access Token has expired', '"hits":1'):
            self.assertIn(part, text)
        self.assertEqual(4, text.count('Bearer'), text)


class Api(unittest.TestCase):

    def test_the_tables_of_operations_are_those_of_the_program(self):
        tool = os.path.join(DOCS, '..', 'tools', 'api_page')
        done = subprocess.run([tool, '--check', binary()], capture_output=True, text=True,
                              check=False)
        self.assertEqual((0, '', ''), (done.returncode, done.stdout, done.stderr))


if __name__ == '__main__':
    unittest.main()
