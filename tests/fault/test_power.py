"""The power goes: of what was written and not synchronised, any part may be lost or torn.

tests/support/power_loss.c keeps a journal of what each write replaced. After kill -9 the test puts the
files into a state that a disk may be in after a loss of power: of the writes since a file's last
fsync each is kept, undone, or kept in part, sector by sector. Whatever was acknowledged must be there.
"""
import collections
import contextlib
import http.client
import json
import os
import shutil
import struct
import tempfile
import unittest

from ledger import LONG
from poolhouse import needs_file, support_library
from test_crash import Crash

RECORD = struct.Struct('<6Q')
WRITE, TRUNCATE, SYNC = 1, 2, 3
SECTOR = 512

Change = collections.namedtuple('Change', 'kind at offset before after length')


def read_journal(path):
    """{inode: [its changes]}, {inode: the place in the journal before which all is safe}."""
    changes, safe = collections.defaultdict(list), collections.defaultdict(int)
    with open(path, 'rb') as f:
        journal = f.read()
    at = 0
    while at + RECORD.size <= len(journal):
        kind, inode, offset, before, after, length = RECORD.unpack_from(journal, at)
        start, at = at, at + RECORD.size
        if at + before + after > len(journal):
            break  # killed while it was noted: the write itself had not begun
        if kind == SYNC:
            safe[inode] = offset
        else:
            changes[inode].append(Change(kind, start, offset, journal[at:at + before],
                                         journal[at + before:at + before + after], length))
        at += before + after
    return changes, safe


def undo(content, change):
    if change.kind == TRUNCATE:
        return content[:change.offset] + change.before
    end = change.offset + len(change.before)
    content[change.offset:end] = change.before
    return content[:change.length]


def put(content, offset, data):
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset:offset + len(data)] = data


def redo(content, change, chance):
    """Kept, lost, or some of its sectors."""
    fate = chance.random()
    if fate < 0.4:
        return content
    if change.kind == TRUNCATE:
        return content[:change.offset]
    if fate < 0.7:
        put(content, change.offset, change.after)
        return content
    for start in range(0, len(change.after), SECTOR):
        if chance.random() < 0.5:
            put(content, change.offset + start, change.after[start:start + SECTOR])
    return content


def lose_power(directory, journal, chance, sync=True):
    """How many writes were in doubt. Without `sync` no fsync ever did anything."""
    changes, safe = read_journal(journal)
    doubtful = 0
    for entry in os.scandir(directory):
        if entry.name.endswith('-shm'):
            os.unlink(entry.path)  # memory, shared through a file
            continue
        mine = [c for c in changes.get(entry.inode(), ())
                if not sync or c.at >= safe[entry.inode()]]
        if not mine:
            continue
        doubtful += len(mine)
        with open(entry.path, 'rb') as f:
            content = bytearray(f.read())
        for change in reversed(mine):
            content = undo(content, change)
        for change in mine:
            content = redo(content, change, chance)
        with open(entry.path, 'wb') as f:
            f.write(content)
    return doubtful


@needs_file
class PowerTest(Crash):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.mkdtemp(prefix='poolhouse-power-')
        cls.addClassCleanup(shutil.rmtree, cls.place, ignore_errors=True)
        cls.journal = os.path.join(cls.place, 'journal')
        # A folder that outlives the server: its path is known before it starts.
        directory = os.path.join(cls.place, 'server')
        os.mkdir(directory)
        cls.server_options = {'memory': False, 'directory': directory, 'env': {
            'LD_PRELOAD': support_library('power_loss'), 'POWER_LOSS_JOURNAL': cls.journal,
            'POWER_LOSS_DIRECTORY': os.path.join(os.path.realpath(directory), 'data'),
            'ASAN_OPTIONS': 'detect_leaks=1:halt_on_error=1:verify_asan_link_order=0'}}
        super().setUpClass()

    def cut(self, **options):
        found = lose_power(self.server.data, self.journal, self.chance, **options)
        os.unlink(self.journal)
        return found


class Power(PowerTest):
    """Crash with another kind of end."""

    what = 'power'
    rounds = 4 * LONG
    seconds = (0.3, 1.3)
    doubtful = 0

    def one_round(self):
        workers = super().one_round()
        self.doubtful += self.cut()
        return workers

    def more_figures(self):
        self.assertGreater(self.doubtful, 0, 'no write was ever in doubt: the journal sees nothing')
        return {'writes_in_doubt': self.doubtful}


class Lying(PowerTest):
    """A disk that only says that it has synchronised loses something: this test can fail."""

    seconds = (1, 1)

    def test_everything_acknowledged_before_a_kill_is_there_after_it(self):
        workers = self.one_round()
        acknowledged = sum(len(w.passwords) for w in workers)
        self.assertGreater(acknowledged, 10)
        self.cut(sync=False)
        self.assertLess(self.survivors(workers), acknowledged)

    def survivors(self, workers):
        try:
            self.server.start()
        except RuntimeError:
            return 0  # not even a database
        return sum(self.is_there(name) for w in workers for name in w.passwords)

    def is_there(self, name):
        with contextlib.suppress(OSError, http.client.HTTPException):  # it may end by what it finds
            return self.api.send('AdminGetUser', json.dumps(
                {'UserPoolId': self.pool, 'Username': name}).encode()).status == 200
        return False


del Crash, PowerTest

if __name__ == '__main__':
    unittest.main()
