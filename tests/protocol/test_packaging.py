"""What packages carry: the unit, the manual page, completions, and the names of dependencies."""
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from poolhouse import PoolhouseTest, binary, create_key, ALLOW_ALL, Api, private_file, serve_options

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
PACKAGING = os.path.join(ROOT, 'packaging')


def read(*path):
    with open(os.path.join(ROOT, *path), encoding='utf-8') as f:
        return f.read()


def output(*words, **options):
    return subprocess.run(words, capture_output=True, text=True, check=True, **options).stdout


def commands():
    return re.findall(r'(?m)^  (\w+) ', output(binary(), 'help').split('Commands:')[1])


def build_packages():
    """The -dev packages of the build, as tools/setup lists them."""
    part = read('tools', 'setup').split('# build')[1].split('# test')[0]
    return {word for word in part.split() if word.startswith('lib')}


class Unit(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.path = os.path.join(self.directory.name, 'poolhouse.service')
        with open(self.path, 'w', encoding='utf-8') as f:
            f.write(read('packaging', 'systemd', 'poolhouse.service.in').replace('@bindir@', '/usr/bin'))

    def test_systemd_finds_little_exposed(self):
        done = subprocess.run(['systemd-analyze', 'security', '--offline=true', '--no-pager', self.path],
                              capture_output=True, text=True, check=False)
        level = re.search(r'exposure level for poolhouse.service: ([\d.]+)', done.stdout)
        self.assertIsNotNone(level, done.stdout + done.stderr)
        self.assertLessEqual(float(level[1]), 1.5, done.stdout)
        self.assertNotIn('Unknown', done.stderr, done.stderr)

    def test_both_units_are_read_without_a_word(self):
        with open(self.path, encoding='utf-8') as f:
            text = f.read().replace('/usr/bin/poolhouse', '/bin/true')
        with open(self.path, 'w', encoding='utf-8') as f:
            f.write(text)
        path = os.path.join(self.directory.name, 'poolhouse.socket')
        shutil.copy(os.path.join(PACKAGING, 'systemd', 'poolhouse.socket'), path)
        done = subprocess.run(['systemd-analyze', 'verify', '--man=no', path], capture_output=True,
                              text=True, check=False)
        self.assertEqual((0, ''), (done.returncode, done.stderr))

    def test_the_sockets_are_those_of_the_configuration(self):
        streams = re.findall(r'(?m)^ListenStream=(\S+)', read('packaging', 'systemd', 'poolhouse.socket'))
        api = re.search(r'(?m)^listen = (\S+)', read('packaging', 'poolhouse.ini'))[1]
        health = re.search(r'admin_listen = (\S+)', output(binary(), 'config', 'show', '--mode', 'serve'))[1]
        self.assertEqual([api, health], streams)

    def test_it_waits_for_longer_than_the_server_drains(self):
        drain = re.search(r'drain_timeout = (\d+)s', output(binary(), 'config', 'show'))[1]
        with open(self.path, encoding='utf-8') as f:
            self.assertGreater(int(re.search(r'TimeoutStopSec=(\d+)', f.read())[1]), int(drain))

    def test_the_configuration_that_is_installed_is_good(self):
        key = private_file(os.path.join(self.directory.name, 'master.key'), 'A' * 43 + '=\n')
        text = read('packaging', 'poolhouse.ini').replace('/etc/poolhouse/master.key', key)
        path = os.path.join(self.directory.name, 'poolhouse.ini')
        with open(path, 'w', encoding='utf-8') as f:
            f.write(re.sub(r'(?m)^;(\w+ =)', r'\1', text))
        done = subprocess.run([binary(), 'config', 'check', '--config', path], capture_output=True,
                              text=True, check=False)
        self.assertEqual((0, ''), (done.returncode, done.stderr))


class Words(unittest.TestCase):
    def test_the_manual_page_tells_every_command_and_key(self):
        page = output(binary(), 'help', 'man')
        done = subprocess.run(['man', '--warnings', '--local-file', '-'], input=page, text=True,
                              capture_output=True, check=True,
                              env=dict(os.environ, MANWIDTH='100', LC_ALL='C.UTF-8', MAN_KEEP_FORMATTING=''))
        self.assertEqual('', done.stderr)
        text = re.sub(r'.\x08', '', done.stdout)
        for name in commands():
            self.assertIn(f'poolhouse {name}', text)
        for key in re.findall(r'(?m)^\| `([a-z_.]+)` \|', output(binary(), 'config', 'keys')):
            self.assertRegex(text, rf'(?m)^\s+{re.escape(key)}\b')

    def test_bash_completes_commands_and_flags(self):
        script = output(binary(), 'help', 'completion', 'bash') + '''
            complete_words() { COMP_WORDS=(poolhouse "$@"); COMP_CWORD=$#; _poolhouse; echo "${COMPREPLY[@]}"; }
            complete_words ser; complete_words help cred; complete_words dev --mem'''
        self.assertEqual(['serve', 'credentials', '--memory'], output('bash', '-c', script).split())

    def test_other_shells_know_all_commands(self):
        for shell in ('zsh', 'fish'):
            text = output(binary(), 'help', 'completion', shell)
            for name in commands():
                self.assertIn(name, text)

    def test_another_shell_is_refused_with_those_there_are(self):
        done = subprocess.run([binary(), 'help', 'completion', 'bsh'], capture_output=True, text=True,
                              check=False)
        self.assertEqual(2, done.returncode)
        self.assertIn("did you mean 'bash'?", done.stderr)


class Dependencies(unittest.TestCase):
    def test_package_and_image_build_with_what_the_project_builds_with(self):
        wanted = build_packages()
        self.assertGreater(len(wanted), 8)
        control = read('packaging', 'debian', 'control').split('Standards-Version')[0]
        image = read('packaging', 'docker', 'Dockerfile').split('FROM')[1]
        for text in (control, image):
            self.assertEqual(wanted, set(re.findall(r'\blib[\w.-]+-dev\b', text)) - {'libcmocka-dev'})

    def test_the_image_has_every_library_that_the_program_loads(self):
        image = read('packaging', 'docker', 'Dockerfile').split('FROM')[2]
        needed = re.findall(r'NEEDED\s+(\S+)', output('objdump', '-p', binary()))
        for library in needed:
            if library.startswith(('libc.', 'libm.', 'libasan', 'libubsan', 'libtsan')):
                continue
            path = re.search(rf'{re.escape(library)} .*=> (\S+)', output('/sbin/ldconfig', '-p'))[1]
            owners = {line.split(':')[0] for line in output('dpkg', '-S', os.path.basename(path)).splitlines()
                      if line.endswith('/' + library)}
            self.assertTrue(any(re.search(rf'(?m)\b{re.escape(o)}(\s|$)', image) for o in owners),
                            f'{library}: one of {owners}')


class Isolated(PoolhouseTest):
    """A served process has given up what it does not need; what it needs still works."""

    server_options = serve_options()

    def status(self, name):
        with open(f'/proc/{self.server.process.pid}/status', encoding='ascii') as f:
            return re.search(rf'(?m)^{name}:\s*(\d+)', f.read())[1]

    def test_the_kernel_forbids_what_is_not_needed(self):
        self.assertEqual(('1', '2'), (self.status('NoNewPrivs'), self.status('Seccomp')))
        self.assertNotIn('not_isolated', self.server.log())

    def test_no_memory_is_written_to_swap(self):
        """A server that may lock memory without a limit locks all of it."""
        with open(f'/proc/{self.server.process.pid}/limits', encoding='ascii') as f:
            limit = re.search(r'(?m)^Max locked memory\s+\S+\s+(\S+)', f.read())[1]
        with open(binary(), 'rb') as f:
            locks = limit == 'unlimited' and b'__asan_init' not in f.read()  # which locks nothing
        self.assertEqual(locks, int(self.status('VmLck')) > 0, limit)

    def test_the_store_is_written_all_the_same(self):
        api = Api(self.server.port, create_key(self.server, 'root', ALLOW_ALL))
        pool = api.CreateUserPool(PoolName='isolated')['UserPool']['Id']
        self.assertEqual('isolated', api.DescribeUserPool(UserPoolId=pool)['UserPool']['Name'])


if __name__ == '__main__':
    unittest.main()
