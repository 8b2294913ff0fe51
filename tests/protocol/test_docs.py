"""docs/operations.md: its commands run as they stand there, its table is the program's own."""
import os
import re
import subprocess
import unittest

from poolhouse import PoolhouseTest, binary

DOCS = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'docs')


def operations():
    with open(os.path.join(DOCS, 'operations.md'), encoding='utf-8') as f:
        return f.read()


class Operations(PoolhouseTest):
    server_options = {'memory': False}

    def test_the_commands_run_as_written(self):
        blocks = re.findall(r'(?ms)^```sh run\n(.*?)^```$', operations())
        self.assertGreater(len(blocks), 5)
        here = self.server.directory
        os.symlink(os.path.abspath(binary()), os.path.join(here, 'poolhouse'))
        os.symlink(self.server.data, os.path.join(here, 'poolhouse-data'))
        script = 'set -euo pipefail\n' + '\n'.join(blocks).replace('9229', str(self.server.port))
        environment = {k: v for k, v in self.server.environment().items()
                       if not k.startswith(('AWS_', 'PYTHON'))}
        environment.update(PATH=f'{here}:/usr/bin:/bin', HOME=here, AWS_EC2_METADATA_DISABLED='true',
                           AWS_PAGER='', POOLHOUSE_SERVER_LISTEN=f'127.0.0.1:{self.server.port}')
        done = subprocess.run(['bash', '-c', script], cwd=here, env=environment, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=300, check=False)
        self.assertEqual(0, done.returncode, done.stdout)
        for part in ('announced', 'holds a copy', 'and is ready', '"fixed"', '140 operations: '):
            self.assertIn(part, done.stdout)

    def test_the_table_of_keys_is_that_of_the_program(self):
        table = subprocess.run([binary(), 'config', 'keys'], capture_output=True, text=True,
                               check=True).stdout
        self.assertIn(table, operations(), 'put the output of `poolhouse config keys` there')


if __name__ == '__main__':
    unittest.main()
