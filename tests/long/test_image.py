"""The Dockerfile, without Docker: its instructions, and that what it builds and installs runs as its user
from an installation that nobody can write to. Where Docker or Podman is at hand the image itself is built.
"""
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from poolhouse import MASTER_KEY, Server

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
FILE = os.path.join(ROOT, 'packaging', 'docker', 'Dockerfile')
KNOWN = {'FROM', 'WORKDIR', 'COPY', 'RUN', 'USER', 'VOLUME', 'EXPOSE', 'ENV', 'ENTRYPOINT', 'CMD'}


def builder():
    """What builds images here: a client alone does not."""
    for name in ('docker', 'podman'):
        if shutil.which(name) and subprocess.run([name, 'info'], capture_output=True, check=False).returncode == 0:
            return name
    return None


def instructions():
    """[(instruction, its text)] without comments, lines that go on joined."""
    with open(FILE, encoding='utf-8') as f:
        text = re.sub(r'(?m)^#.*\n', '', f.read()).replace('\\\n', ' ')
    return [tuple(line.split(None, 1)) for line in text.splitlines() if line.strip()]


def stages():
    found = []
    for instruction, text in instructions():
        if instruction == 'FROM':
            found.append([])
        found[-1].append((instruction, text))
    return found


def of(stage, wanted):
    return [text for instruction, text in stage if instruction == wanted]


class Image(unittest.TestCase):
    def test_there_are_only_instructions_that_are_known(self):
        self.assertLessEqual({i for i, _ in instructions()}, KNOWN)
        for text in of(sum(stages(), []), 'RUN'):
            done = subprocess.run(['sh', '-n', '-c', text], capture_output=True, text=True, check=False)
            self.assertEqual((0, ''), (done.returncode, done.stderr))

    def test_the_base_is_the_release_that_is_tested(self):
        for base in of(sum(stages(), []), 'FROM'):
            self.assertRegex(base, r'^debian:bookworm-slim( AS \w+)?$')

    def test_what_runs_did_not_build(self):
        build, image = stages()
        name = re.search(r' AS (\w+)$', of(build, 'FROM')[0])[1]
        self.assertEqual([f'--from={name} /image/usr/bin/poolhouse /usr/bin/poolhouse'], of(image, 'COPY'))
        for text in of(image, 'RUN'):
            self.assertIn('rm -rf /var/lib/apt/lists/*', text)
        for text in of(build, 'RUN') + of(image, 'RUN'):
            self.assertIn('--no-install-recommends', text)
            self.assertIsNone(re.search(r'\b(curl|wget|sudo|chmod 777)\b', text))

    def test_it_runs_as_nobody_in_particular_and_gets_its_signals(self):
        image = stages()[-1]
        self.assertRegex(of(image, 'USER')[-1], r'^[1-9]\d*:[1-9]\d*$')
        last = [i for i, _ in image]
        self.assertLess(last.index('USER'), last.index('ENTRYPOINT'))
        for name in ('ENTRYPOINT', 'CMD'):  # as a list: no shell between it and SIGTERM
            self.assertRegex(of(image, name)[0], r'^\["[^"]+"\]$')

    @unittest.skipUnless(builder(), 'neither Docker nor Podman runs here')
    def test_it_is_built(self):
        subprocess.run([builder(), 'build', '-f', FILE, ROOT], check=True)


@unittest.skipUnless(os.getuid() == 0, 'becomes another user')
class Installed(unittest.TestCase):
    """The commands of the build stage, and its result started as the image starts it."""

    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.mkdtemp(prefix='ph-image-')
        cls.addClassCleanup(shutil.rmtree, cls.place, ignore_errors=True)
        os.chmod(cls.place, 0o755)
        source = os.path.join(cls.place, 'src')
        os.mkdir(source)
        archive = subprocess.run(['git', '-C', ROOT, 'archive', 'HEAD'], check=True, capture_output=True)
        subprocess.run(['tar', '-x', '-C', source], input=archive.stdout, check=True)
        steps = of(stages()[0], 'RUN')[0].split('&&')
        command = ' && '.join(s for s in steps if 'apt-get' not in s)
        command = command.replace('/build', f'{cls.place}/build').replace('/image', f'{cls.place}/image')
        subprocess.run(['sh', '-ec', command], cwd=source, check=True, stdout=subprocess.DEVNULL)
        cls.program = os.path.join(cls.place, 'image', 'usr', 'bin', 'poolhouse')

    def test_it_serves_as_its_user(self):
        user, group = map(int, of(stages()[-1], 'USER')[-1].split(':'))
        server = Server(mode='serve', memory=False, env={'POOLHOUSE_MASTER_KEY': MASTER_KEY})
        self.addCleanup(server.stop)
        os.chown(server.directory, user, group)
        command = server.command()
        server.command = lambda: ['setpriv', f'--reuid={user}', f'--regid={group}', '--clear-groups',
                                  '--no-new-privs', '--inh-caps=-all', self.program, *command[1:]]
        server.start()
        self.assertEqual(200, server.get('/readyz', port=server.admin_port).status)
        with open(f'/proc/{server.process.pid}/status', encoding='ascii') as f:
            status = f.read()
        self.assertIn(f'Uid:\t{user}\t{user}\t{user}\t{user}', status)
        self.assertRegex(status, r'CapEff:\t0+\n')


if __name__ == '__main__':
    unittest.main()
