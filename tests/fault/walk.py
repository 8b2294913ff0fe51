"""What random walks share: the story of the last steps, and what a hole is.

A walk holds answers of the server, sends them back at the right place or another, and asks an oracle
what must come of it. A failure prints the seed and the last steps; `tests/run --seed N --long M`
walks elsewhere, longer.
"""
import os
import random

LONG = int(os.environ.get('POOLHOUSE_TEST_LONG', '1'))
SEED = int(os.environ.get('POOLHOUSE_TEST_SEED', '1'))
MUST, MUST_NOT, MAY = 'must', 'must not', 'may'


class Walker:
    """Beside PoolhouseTest among the bases of a walk."""

    def setUp(self):
        self.random, self.story = random.Random(SEED), []

    def chance(self, of):
        return self.random.random() < of

    def tell(self, text):
        self.story.append(text)

    def hole(self, text):
        self.fail(f'{text}\nseed {SEED}; the last steps:\n' + '\n'.join(self.story[-25:]))

    def judge_refusal(self, expected, error):
        if error.status >= 500:
            self.hole(f'the server failed: {error}')
        if expected == MUST:
            self.hole(f'refused in spite of proof: {error}')

    def code_to(self, user, address):
        """The newest one that was sent to the user there."""
        return next(m['code'] for m in self.server.outbox(user.name) if m['destination'] == address)
