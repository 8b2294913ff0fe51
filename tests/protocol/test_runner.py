"""tests/run itself: whoever stops it stops its suites and their servers."""
import importlib.machinery
import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from poolhouse import binary

RUN = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'run')
# Long enough to be stopped in.
SUITE = 'test_outbox'


def load(path):
    loader = importlib.machinery.SourceFileLoader('tests_run', path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader('tests_run', loader))
    loader.exec_module(module)
    return module


class Runner(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        os.chmod(self.folder, 0o711)
        self.tests_run = load(RUN)
        self.addCleanup(self.tests_run.end_those_of, self.folder)

    def programs(self):
        """What runs for it, by its name."""
        found = []
        for pid in self.tests_run.processes_of(self.folder):
            try:
                found.append(os.path.basename(os.readlink(f'/proc/{pid}/exe')))
            except OSError:
                pass  # gone
        return found

    def start(self, *words):
        environment = {k: v for k, v in os.environ.items() if not k.startswith('POOLHOUSE_')}
        process = subprocess.Popen(
            [sys.executable, RUN, '--binary', binary(), *words, SUITE], stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT, env={**environment, 'TMPDIR': self.folder})
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        deadline = time.monotonic() + 60
        while os.path.basename(binary()) not in self.programs():
            self.assertIsNone(process.poll(), 'the suite was over before it could be stopped')
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)
        return process

    def stop(self, process, number):
        process.send_signal(number)
        self.assertEqual(128 + number, process.wait(30))
        self.assertEqual([], self.programs())
        self.assertEqual([], os.listdir(self.folder))

    def test_a_signal_leaves_no_process_and_no_file(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number.name):
                self.stop(self.start(), number)

    def test_nor_a_database(self):
        process = self.start('--database', 'postgresql')
        self.assertIn('postgres', self.programs())
        self.stop(process, signal.SIGTERM)


if __name__ == '__main__':
    unittest.main()
