"""Lambda functions for tests: plain Python functions behind HTTP, or behind the Invoke API."""
import contextlib
import http.server
import json
import threading
import urllib.parse

from poolhouse import PASSWORD, PoolhouseTest

ACCOUNT = 'arn:aws:lambda:eu-west-1:123456789012:function:'


def arn(name):
    return ACCOUNT + name


class Thrown(Exception):
    """What a function says when it throws."""


class FunctionServer:
    """Calls `handlers[name](event)`; what they return is the reply. Remembers every event.

    At /NAME a plain POST; at /2015-03-31/functions/NAME/invocations the Invoke operation.
    """

    def __init__(self):
        self.handlers, self.events, self.requests, self.bodies = {}, [], [], []
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def do_POST(self):
                body = self.rfile.read(int(self.headers['Content-Length']))
                with contextlib.suppress(OSError):
                    owner.bodies.append(body)
                    owner.answer(self, json.loads(body))

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.http.daemon_threads = True
        self.url = f'http://127.0.0.1:{self.http.server_port}'
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()

    def answer(self, request, event):
        path = urllib.parse.urlsplit(request.path)
        parts = [urllib.parse.unquote(p) for p in path.path.split('/') if p]
        invoke = len(parts) == 4 and parts[0] == '2015-03-31'
        name = parts[2].rsplit(':', 1)[-1] if invoke else parts[-1]
        self.requests.append((request.path, dict(request.headers)))
        self.events.append(json.loads(json.dumps(event)))  # as it came, whatever becomes of it
        if name not in self.handlers:
            return self.reply(request, 404, {'Message': 'Function not found: ' + name},
                              {'x-amzn-ErrorType': 'ResourceNotFoundException'})
        try:
            result = self.handlers[name](event)
        except Thrown as error:
            payload = {'errorMessage': str(error), 'errorType': 'Error', 'trace': []}
            head = {'X-Amz-Function-Error': 'Unhandled'} if invoke else {}
            return self.reply(request, 200 if invoke else 500, payload, head)
        if isinstance(result, Raw):
            return self.reply(request, result.status, result.body, result.headers)
        return self.reply(request, 200, result)

    @staticmethod
    def reply(request, status, body, headers=None):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        request.send_response(status)
        for name, value in {'Content-Length': str(len(data)), **(headers or {})}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(data)

    def take(self):
        """The events since the last look."""
        events, self.events = self.events, []
        return events


class Raw:
    """A reply that is not what a function returned."""

    def __init__(self, status=200, body=b'', headers=None):
        self.status, self.body, self.headers = status, body, headers or {}


def same(event):
    return event


def responding(**response):
    """A handler that fills the response."""
    def handler(event):
        event['response'].update(response)
        return event
    return handler


def throwing(text):
    def handler(_):
        raise Thrown(text)
    return handler


class FunctionTest(PoolhouseTest):
    """A server whose pools have functions: http-NAME and lambda-NAME are `handlers[NAME]`."""

    lockout = False

    @classmethod
    def setUpClass(cls):
        cls.functions = FunctionServer()
        cls.addClassCleanup(cls.functions.close)
        cls.server_args = ([] if cls.lockout else ['--no-lockout']) + [a for route in cls.routes() for a in ('--function', route)]
        super().setUpClass()

    @classmethod
    def routes(cls):
        return [f'http-*={cls.functions.url}/{{function}}',
                f'lambda-*=lambda:{cls.functions.url}/']

    @classmethod
    def pool_with(cls, **triggers):
        pool = cls.new_pool(LambdaConfig={k: arn(v) for k, v in triggers.items()})
        return pool, cls.new_client(pool)

    def sign_up(self, client, name=None):
        return self.api.SignUp(ClientId=client, Username=name or self.new_name(),
                               Password=PASSWORD)
