"""How functions are reached: three transports, every failure, and nobody else harmed by it."""
import concurrent.futures
import http.client
import os
import re
import signal
import tempfile
import textwrap
import time

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from functions import FunctionTest, Raw, arn, responding, same, throwing
from poolhouse import ApiError

UNUSABLE = ('InvalidLambdaResponseException', 'Unrecognizable lambda output')
CONFIRM = responding(autoConfirmUser=True)


def failed(text):
    return 'UserLambdaValidationException', f'PreSignUp failed with error {text}.'


def unexpected(text):
    return 'UnexpectedLambdaException', f'PreSignUp invocation failed due to error {text}.'


TIMED_OUT = unexpected('Socket timeout while invoking Lambda function')


def is_gone(pid):
    """Or nothing of it is left but its number: while it ends, its sockets still take what is sent."""
    try:
        with open(f'/proc/{pid}/stat', encoding='utf-8') as f:
            return f.read().rpartition(')')[2].split()[0] in ('Z', 'X')
    except OSError:
        return True


class BothTransports(FunctionTest):

    def each(self, suffix):
        """Pools whose PreSignUp is reached by HTTP and by the Invoke API."""
        for transport in ('http', 'lambda'):
            with self.subTest(transport):
                yield f'{transport}-{suffix}', self.pool_with(PreSignUp=f'{transport}-{suffix}')[1]


class Slow(BothTransports):
    server_options = {'env': {'POOLHOUSE_TRIGGERS_TIMEOUT': '600ms'}}

    def test_three_tries_for_a_slow_function_and_the_third_may_answer(self):
        for name, client in self.each('slow'):
            tries = []

            def slow(event, tries=tries):
                tries.append(event)
                time.sleep(1 if len(tries) < 3 else 0)
                return CONFIRM(event)
            self.functions.handlers[name] = slow
            self.assertTrue(self.sign_up(client)['UserConfirmed'])
            self.assertEqual(3, len(tries))
            self.functions.handlers[name] = lambda event: time.sleep(1)
            before = time.monotonic()
            with self.assert_error(*TIMED_OUT):
                self.sign_up(client)
            self.assertLess(1.75, time.monotonic() - before)


class Transports(BothTransports):
    server_options = {'env': {'POOLHOUSE_TRIGGERS_PAUSE': '200ms',
                              'POOLHOUSE_AWS_ACCESS_KEY_ID': 'AKIDTRIGGERS',
                              'POOLHOUSE_AWS_SECRET_ACCESS_KEY': 'secret'}}

    def test_a_reply_is_used(self):
        for name, client in self.each('confirms'):
            self.functions.handlers[name] = CONFIRM
            self.assertTrue(self.sign_up(client)['UserConfirmed'])

    def test_the_functions_own_error_is_told_with_a_full_stop(self):
        for name, client in self.each('throws'):
            for text in ('not you', 'not you.'):
                self.functions.handlers[name] = throwing(text)
                with self.assert_error(*failed(text)):
                    self.sign_up(client)

    def test_a_missing_function_is_named(self):
        for _, client in self.each('missing'):
            with self.assert_error(*unexpected('ResourceNotFoundException')):
                self.sign_up(client)
        with self.assert_error(*unexpected('ResourceNotFoundException')):
            self.sign_up(self.pool_with(PreSignUp='nowhere')[1])

    def test_unusable_replies(self):
        replies = (Raw(body=b''), Raw(body=b'null'), Raw(body=b'{'), Raw(body=b'[]'), {},
                   {'response': {'autoConfirmUser': True}}, 'text')
        for name, client in self.each('rubbish'):
            for reply in replies:
                self.functions.handlers[name] = lambda event, reply=reply: reply
                with self.assert_error(*UNUSABLE):
                    self.sign_up(client)
            for value in ('true', 1, [], {}):
                self.functions.handlers[name] = responding(autoConfirmUser=value)
                with self.assert_error(*UNUSABLE):
                    self.sign_up(client)

    def test_errors_of_the_service_are_named(self):
        for name, client in self.each('denied'):
            for status, error in ((403, 'AccessDeniedException'), (400, 'ServiceException'),
                                  (502, 'ServiceException')):
                self.functions.handlers[name] = lambda event, status=status: Raw(status, b'no')
                with self.assert_error(*unexpected(error)):
                    self.sign_up(client)
        pool, client = self.pool_with(PreSignUp='lambda-kms')
        self.functions.handlers['lambda-kms'] = lambda event: Raw(
            502, b'{"Message":"no"}', {'x-amzn-ErrorType': 'KMSAccessDeniedException:http://x/'})
        with self.assert_error(*unexpected('KMSAccessDeniedException')):
            self.sign_up(client)

    def test_three_tries_for_a_throttled_function(self):
        for name, client in self.each('throttled'):
            self.functions.handlers[name] = lambda event: Raw(429, b'')
            self.functions.take()
            with self.assert_error(*unexpected('TooManyRequestsException')):
                self.sign_up(client)
            self.assertEqual(3, len(self.functions.take()))

    def test_replies_over_six_megabytes_are_errors(self):
        for name, client in self.each('large'):
            self.functions.handlers[name] = lambda event: Raw(body=b' ' * (6 * 1024 * 1024 + 1))
            with self.assert_error('UserLambdaValidationException', None):
                self.sign_up(client)

    def test_the_invocation_is_signed_and_names_the_qualifier(self):
        pool = self.new_pool(LambdaConfig={'PreSignUp': arn('lambda-signed') + ':live'})
        self.functions.handlers['lambda-signed'] = same
        self.functions.requests.clear()
        self.sign_up(self.new_client(pool))
        path, headers = self.functions.requests[0]
        where = 'arn%3Aaws%3Alambda%3Aeu-west-1%3A123456789012%3Afunction%3Alambda-signed'
        self.assertEqual(f'/2015-03-31/functions/{where}/invocations?Qualifier=live', path)
        self.assertEqual('RequestResponse', headers['X-Amz-Invocation-Type'])
        self.assertIn('Credential=AKIDTRIGGERS/', headers['Authorization'])
        self.assertIn('/eu-west-1/lambda/aws4_request', headers['Authorization'])
        self.assertEqual(self.signature_by_botocore(path, headers),
                         headers['Authorization'].split('Signature=')[1])

    def signature_by_botocore(self, path, headers):
        request = AWSRequest('POST', self.functions.url + path, data=self.functions.bodies[-1],
                             headers={'Content-Type': headers['Content-Type'],
                                      'X-Amz-Date': headers['X-Amz-Date']})
        request.context['timestamp'] = headers['X-Amz-Date']
        signer = SigV4Auth(Credentials('AKIDTRIGGERS', 'secret'), 'lambda', 'eu-west-1')
        return signer.signature(signer.string_to_sign(request, signer.canonical_request(request)),
                                request)


class Breaker(FunctionTest):
    TIMEOUT_S, PAUSE_S = 0.5, 6
    server_options = {'env': {'POOLHOUSE_TRIGGERS_TIMEOUT': f'{int(TIMEOUT_S * 1000)}ms',
                              'POOLHOUSE_TRIGGERS_PAUSE': f'{PAUSE_S}s'}}

    def test_a_function_that_fails_is_left_alone_for_a_while(self):
        _, client = self.pool_with(PreSignUp='http-breaks')
        self.functions.handlers['http-breaks'] = lambda event: time.sleep(2 * self.TIMEOUT_S)
        for _ in range(2):  # three tries, then two
            with self.assert_error(*TIMED_OUT):
                self.sign_up(client)
        self.assertEqual(5, len(self.functions.take()))
        left_alone_at = time.monotonic()
        for _ in range(20):
            with self.assert_error(*TIMED_OUT):
                self.sign_up(client)
            if time.monotonic() - left_alone_at < self.PAUSE_S / 2:  # the pause is not over for sure
                self.assertEqual([], self.functions.take())
        self.functions.handlers['http-breaks'] = CONFIRM
        self.until(lambda: self.is_confirmed(client))
        self.assertTrue(self.sign_up(client)['UserConfirmed'])

    def is_confirmed(self, client):
        try:
            return self.sign_up(client)['UserConfirmed']
        except ApiError as e:
            self.assertEqual(TIMED_OUT, (e.type, e.text))
            return False

    def test_the_functions_own_errors_do_not_count(self):
        _, client = self.pool_with(PreSignUp='http-throws')
        self.functions.handlers['http-throws'] = throwing('no')
        for _ in range(10):
            with self.assert_error(*failed('no')):
                self.sign_up(client)
        self.functions.handlers['http-throws'] = CONFIRM
        self.assertTrue(self.sign_up(client)['UserConfirmed'])


class Isolation(FunctionTest):
    """Functions that hang as long as they may, and somebody else who signs in."""

    server_options = {'env': {'POOLHOUSE_TRIGGERS_TIMEOUT': '5s'}}

    def time_of_sign_ins(self, client, name, count=40):
        times = []
        for _ in range(count):
            before = time.monotonic()
            self.tokens(client, name)
            times.append(time.monotonic() - before)
        return sorted(times)[count // 2], max(times)

    def test_one_pools_hanging_function_does_not_slow_another_pool(self):
        _, hanging = self.pool_with(PreSignUp='http-hangs')
        self.functions.handlers['http-hangs'] = lambda event: time.sleep(4)
        pool, healthy = self.pool_with(PreAuthentication='http-works')
        self.functions.handlers['http-works'] = same
        name = self.new_user(pool)
        alone, _ = self.time_of_sign_ins(healthy, name)
        with concurrent.futures.ThreadPoolExecutor(100) as pool_of_threads:
            calls = [pool_of_threads.submit(self.try_sign_up, hanging) for _ in range(100)]
            time.sleep(0.3)
            beside, worst = self.time_of_sign_ins(healthy, name)
            answers = [call.result() for call in calls]
        self.assertLess(beside, alone * 5 + 0.5, 'the median of a sign-in')
        self.assertLess(worst, 3, 'as if it had waited for one of them')
        self.assertGreater(answers.count('TooManyRequestsException'), 50)

    def try_sign_up(self, client):
        try:
            return self.sign_up(client)['UserConfirmed']
        except Exception as error:  # the text says which
            return str(error).split()[-1].rstrip('.')


HANDLER_JS = '''
exports.handler = async (event) => {
    console.log('hello from ' + event.triggerSource);
    const name = event.userName;
    if (name.startsWith('throw')) throw new Error('no ' + name);
    if (name.startsWith('die')) process.exit(7);
    if (name.startsWith('hang')) await new Promise(() => setInterval(() => {}, 1000));
    if (name.startsWith('rubbish')) return 'rubbish';
    if (name.startsWith('nothing')) return;
    event.response.autoConfirmUser = true;
    return event;
};
exports.back = (event, context, callback) => {
    event.response.autoConfirmUser = context.functionName === 'node-back';
    setTimeout(() => callback(null, event), 5);
};
exports.pid = async (event) => { throw new Error(String(process.pid)); };
'''

HANDLER_PY = '''
import os, sys, time

def handler(event, context):
    print('hello from', event['triggerSource'])
    name = event['userName']
    if name.startswith('throw'):
        raise ValueError('no ' + name)
    if name.startswith('die'):
        os._exit(7)
    if name.startswith('hang'):
        time.sleep(1000)
    if name.startswith('rubbish'):
        return 'rubbish'
    if name.startswith('nothing'):
        return None
    event['response']['autoConfirmUser'] = context.get_remaining_time_in_millis() > 0
    return event

def pid(event, context):
    raise ValueError(os.getpid())
'''

CUSTOM_RUNTIME = '''#!/bin/bash
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
while true; do
    event=$(curl -sS -D "$0.headers" "$api/invocation/next") || exit 1
    id=$(tr -d '\\r' <"$0.headers" | sed -n 's/^Lambda-Runtime-Aws-Request-Id: //Ip')
    reply=${event/\\"autoConfirmUser\\":false/\\"autoConfirmUser\\":true}
    curl -sS -o /dev/null -H 'Transfer-Encoding: chunked' -d "$reply" "$api/invocation/$id/response"
done
'''


class Local(FunctionTest):
    server_options = {'env': {'POOLHOUSE_TRIGGERS_TIMEOUT': '3s',
                              'POOLHOUSE_TRIGGERS_PAUSE': '100ms'}}

    @classmethod
    def routes(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        files = {'index.js': HANDLER_JS, 'app.py': HANDLER_PY, 'runtime': CUSTOM_RUNTIME,
                 'broken.js': 'exports.handler = (', 'broken.py': 'import nothing_like_this',
                 'module.mjs': 'export const handler = async (e) => {'
                               ' e.response.autoConfirmUser = true; return e; };'}
        for name, text in files.items():
            cls.write(name, text)
        os.chmod(cls.path('runtime'), 0o755)
        return [f'node-back=local:{cls.path("index.js")}:back',
                f'node-pid=local:{cls.path("index.js")}:pid', f'node=local:{cls.path("index.js")}',
                f'python-pid=local:{cls.path("app.py")}:pid', f'python=local:{cls.path("app.py")}',
                f'runtime=local:{cls.path("runtime")}', f'module=local:{cls.path("module.mjs")}',
                f'broken-node=local:{cls.path("broken.js")}',
                f'broken-python=local:{cls.path("broken.py")}',
                f'changes=local:{cls.path("changes.py")}', f'gone=local:{cls.path("gone.js")}',
                f'no-handler=local:{cls.path("index.js")}:other']

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder.name, name)

    @classmethod
    def write(cls, name, text):
        with open(cls.path(name), 'w', encoding='utf-8') as f:
            f.write(textwrap.dedent(text))

    def client_of(self, function):
        return self.pool_with(PreSignUp=function)[1]

    def wait_for_line(self, text):
        for _ in range(100):
            if text in self.server.log():
                return
            time.sleep(0.05)
        self.fail(f'{text} is not in the log')

    def test_handlers_of_every_kind_answer(self):
        for function in ('node', 'node-back', 'module', 'python', 'runtime'):
            with self.subTest(function):
                client = self.client_of(function)
                for _ in range(3):
                    self.assertTrue(self.sign_up(client)['UserConfirmed'])

    def test_what_they_print_is_in_the_log(self):
        for function in ('node', 'python'):
            self.sign_up(self.client_of(function))
        self.wait_for_line('hello from PreSignUp_SignUp')

    def test_they_stay_warm(self):
        for function in ('node-pid', 'python-pid'):
            client, texts = self.client_of(function), set()
            for _ in range(3):
                try:
                    self.sign_up(client)
                except Exception as error:
                    texts.add(str(error))
            self.assertEqual(1, len(texts))

    def test_their_errors(self):
        for function in ('node', 'python'):
            with self.subTest(function):
                client = self.client_of(function)
                with self.assert_error(*failed('no throw-1')):
                    self.sign_up(client, 'throw-1')
                for name in ('rubbish-1', 'nothing-1'):
                    with self.assert_error(*UNUSABLE):
                        self.sign_up(client, name)
                self.assertTrue(self.sign_up(client)['UserConfirmed'])

    def test_one_that_dies_is_started_again(self):
        for function in ('node', 'python'):
            with self.subTest(function):
                client = self.client_of(function)
                for i in range(2):
                    try:
                        self.sign_up(client, f'die-{i}')
                        self.fail('not refused')
                    except Exception as error:
                        self.assertRegex(str(error), r'^UserLambdaValidationException: PreSignUp '
                                         r'failed with error RequestId: \S+ Error: Runtime exited '
                                         r'with error: exit status: 7\.$')
                self.assertTrue(self.sign_up(client)['UserConfirmed'])

    def test_one_that_hangs_is_ended_and_started_again(self):
        for function in ('node', 'python'):
            with self.subTest(function):
                client = self.client_of(function)
                with self.assert_error(*TIMED_OUT):
                    self.sign_up(client, 'hang-1')
                self.assertTrue(self.sign_up(client)['UserConfirmed'])

    def test_one_that_was_killed_while_idle_is_started_again(self):
        client = self.client_of('python-pid')
        try:
            self.sign_up(client)
        except Exception as error:
            pid = int(str(error).split()[-1].rstrip('.'))
        os.kill(pid, signal.SIGKILL)
        self.until(lambda: is_gone(pid))
        try:
            self.sign_up(client)
        except Exception as error:
            self.assertRegex(str(error), r'error \d+\.$')
            self.assertNotEqual(pid, int(str(error).split()[-1].rstrip('.')))

    def test_files_that_do_not_load(self):
        with self.assert_error(*failed("No module named 'nothing_like_this'")):
            self.sign_up(self.client_of('broken-python'))
        with self.assert_error('UserLambdaValidationException', None):
            self.sign_up(self.client_of('broken-node'))
        with self.assert_error(*failed('index.js exports no function "other"')):
            self.sign_up(self.client_of('no-handler'))
        with self.assert_error(*unexpected('ResourceNotFoundException')):
            self.sign_up(self.client_of('gone'))

    def test_a_changed_file_is_loaded_again(self):
        client = self.client_of('changes')
        for text in ('first', 'second'):
            self.write('changes.py', f'def handler(event, context):\n    raise Exception("{text}")\n')
            with self.assert_error(*failed(text)):
                self.sign_up(client)

    def test_many_at_once(self):
        for function in ('node', 'python'):
            client = self.client_of(function)
            with concurrent.futures.ThreadPoolExecutor(16) as threads:
                replies = list(threads.map(lambda _: self.sign_up(client), range(32)))
            self.assertTrue(all(reply['UserConfirmed'] for reply in replies))

    def test_nobody_else_on_the_machine_gets_the_events(self):
        self.write('changes.py', 'import os\ndef handler(event, context):\n'
                   '    raise Exception(os.environ["AWS_LAMBDA_RUNTIME_API"])\n')
        client = self.client_of('changes')
        try:
            self.sign_up(client)
        except ApiError as error:
            address, token = error.text.split()[-1].rstrip('.').split('/')
        self.assertRegex(token, r'^[0-9a-f]{32}$')
        with concurrent.futures.ThreadPoolExecutor(1) as thread:
            thief = thread.submit(self.ask, address)
            while not thief.done():  # who waits for the function answers whoever has come by then
                with self.assert_error('UserLambdaValidationException', None):
                    self.sign_up(client)
            self.assertEqual(404, thief.result())

    @staticmethod
    def ask(address):
        connection = http.client.HTTPConnection(address, timeout=60)
        connection.request('GET', '/2018-06-01/runtime/invocation/next')
        return connection.getresponse().status

    def test_secrets_of_the_server_are_not_in_their_environment(self):
        self.write('changes.py', 'import os\ndef handler(event, context):\n'
                   '    raise Exception(sorted(k for k in os.environ if "POOLHOUSE" in k))\n')
        with self.assert_error(*failed("['POOLHOUSE_HANDLER_FILE']")):
            self.sign_up(self.client_of('changes'))


class Stopping(FunctionTest):
    """A server that is told to stop while a function hangs."""

    @classmethod
    def routes(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        path = os.path.join(cls.folder.name, 'hangs.py')
        with open(path, 'w', encoding='utf-8') as f:
            f.write('import os, time\ndef handler(event, context):\n'
                    '    print("pid", os.getpid(), flush=True)\n    time.sleep(1000)\n')
        return [f'hangs=local:{path}']

    def test_no_process_stays_behind(self):
        _, client = self.pool_with(PreSignUp='hangs')
        with concurrent.futures.ThreadPoolExecutor(1) as thread:
            call = thread.submit(self.sign_up, client)
            while 'line=' not in self.server.log() or 'pid' not in self.server.log():
                time.sleep(0.05)
            self.server.process.terminate()
            self.server.process.wait(30)
            with self.assertRaises(Exception):
                call.result()
        pids = re.findall(r'line="?pid (\d+)', self.server.log())
        self.assertTrue(pids)
        self.until(lambda: all(is_gone(pid) for pid in pids))
