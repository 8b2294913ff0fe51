"""The commands of docs/ and the triggers of README.md run as they stand there; tables of keys and
operations are the program's own."""
import contextlib
import os
import re
import signal
import subprocess
import tempfile
import textwrap
import unittest

from poolhouse import (Api, Credentials, PoolhouseTest, Server, binary, free_port, needs_file,
                       serve_options)

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


class Readme(unittest.TestCase):
    """The triggers, pasted: one in Node, one in Python, each with the server that runs it."""

    SIGN_UP = '''
pool=$(%s --query UserPool.Id --output text)
client=$(cognito create-user-pool-client --user-pool-id $pool --client-name c --query \\
    UserPoolClient.ClientId --output text)
for address in ann@example.com bob@example.org; do
    echo "$address: $(cognito sign-up --client-id $client --username ${address%%@*} --password 'Passw0rd!' \\
        --user-attributes Name=email,Value=$address --query UserConfirmed 2>&1)"
done
'''

    def pasted(self, language, pool=None):
        """What is printed when the block is pasted, a pool is made, and two people sign up."""
        text = page(os.path.join('..', 'README.md'))
        blocks = [textwrap.dedent(b) for b in re.findall(r'(?m)(?:^    .*\n|^\n(?=    ))+', text)]
        setting, = [b for b in blocks if b.lstrip().startswith('export AWS_ACCESS_KEY_ID')]
        setting = setting[:setting.index('\n\n')]
        trigger, = [b for b in blocks if f'cat >trigger.{language}' in b]
        self.assertLessEqual(trigger[trigger.index('END') + 5:trigger.rindex('END')].count('\n'), 10)
        trigger, made, create = trigger.partition('cognito create-user-pool')
        script = (f'shopt -s expand_aliases\n{setting}\n{trigger}\n'
                  'until curl -sf localhost:9229/readyz >/dev/null; do sleep 0.1; done\n'
                  + self.SIGN_UP % (pool or f'{made} {create.strip()}') + 'kill $!\nwait $! || true\n')
        with tempfile.TemporaryDirectory() as here:
            environment = shell_environment(here, {k: v for k, v in os.environ.items()
                                                   if not k.startswith('POOLHOUSE_')})
            os.mkdir(os.path.join(here, 'build'))
            os.symlink(os.path.abspath(binary()), os.path.join(here, 'build', 'poolhouse'))
            port = free_port()
            environment['POOLHOUSE_SERVER_LISTEN'] = f'127.0.0.1:{port}'
            status, printed = run_with_all_it_starts(
                ['bash', '-c', script.replace('9229', str(port))], here, environment)
        self.assertEqual(0, status, printed)
        return printed

    def test_the_trigger_in_node(self):
        printed = self.pasted('js')
        self.assertIn('ann@example.com: true', printed)
        self.assertIn('bob@example.org: false', printed)
        self.assertIn('PreSignUp_SignUp', printed)  # in the log

    def test_the_trigger_in_python(self):
        printed = self.pasted('py', 'cognito create-user-pool --pool-name shop --lambda-config '
                              'PreSignUp=arn:aws:lambda:eu-west-1:000000000000:function:pre-sign-up')
        self.assertIn('ann@example.com: true', printed)
        self.assertIn('PreSignUp failed with error Only our own people.', printed)


class Leaving(unittest.TestCase):
    """`docs/leaving.md`, with a second server in the place of the real service."""

    def setUp(self):
        self.origin = Server('--region', 'eu-central-1').start()
        self.addCleanup(self.origin.stop)
        real = Api(self.origin.port, Credentials(region='eu-central-1'))
        pool = real.CreateUserPool(PoolName='shop', UserPoolTags={
            'poolhouse:id': 'eu-central-1_aB3dE5gH7'})['UserPool']['Id']
        real.CreateUserPoolClient(UserPoolId=pool, ClientName='web')
        real.CreateGroup(UserPoolId=pool, GroupName='admins')
        for name in 'ann', 'bob':
            real.AdminCreateUser(UserPoolId=pool, Username=name, MessageAction='SUPPRESS')
        real.AdminAddUserToGroup(UserPoolId=pool, GroupName='admins', Username='bob')

    def test_the_commands_run_as_written(self):
        script, count = script_of('leaving.md')
        self.assertEqual(6, count)
        script = script.replace('https://cognito-idp.eu-central-1.amazonaws.com', self.origin.url)
        server = Server(**serve_options())
        self.addCleanup(server.stop)
        environment = shell_environment(server.directory, server.environment())
        environment.update(POOLHOUSE_STORAGE_DATA=server.data, AWS_ACCESS_KEY_ID='any',
                           AWS_SECRET_ACCESS_KEY='any')
        server.start()
        status, text = run_with_all_it_starts(['bash', '-c', script], server.directory, environment)
        self.assertEqual(0, status, text)
        for part in ('made user pool shop (eu-central-1_aB3dE5gH7)', 'made app client web',
                     '2 users made, 0 updated, 0 were here, 0 refused', '1 are in the group',
                     f'asks {self.origin.url} for eu-central-1_aB3dE5gH7',
                     '2 users wait for their passwords', 'asks nobody any more'):
            self.assertIn(part, text)


class ApiPage(unittest.TestCase):

    def test_the_tables_of_operations_are_those_of_the_program(self):
        tool = os.path.join(DOCS, '..', 'tools', 'api_page')
        done = subprocess.run([tool, '--check', binary()], capture_output=True, text=True,
                              check=False)
        self.assertEqual((0, '', ''), (done.returncode, done.stdout, done.stderr))


if __name__ == '__main__':
    unittest.main()
