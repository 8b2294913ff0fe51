"""A stand-in of services of AWS: verifies the signature of each request, keeps it, answers."""
import base64
import contextlib
import hashlib
import hmac
import http.server
import json
import os
import re
import threading
import time
import urllib.parse

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY, SECRET = 'AKIAIOSFODNN7EXAMPLE', 'aws-secret-canary/K7MDENG+bPxRfiCYEXAMPLE'


def signature(secret, service, request, body, headers, method='POST'):
    """What the Authorization header must end with, computed from the published description."""
    found = re.fullmatch(
        r'AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, '
        r'SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})', headers['Authorization'] or '')
    if not found or found[1] != KEY or found[4] != service:
        return None, None
    _, day, region, _, names, given = found.groups()
    if not {'host', 'x-amz-date'} <= set(names.split(';')):
        return None, None
    path, _, query = request.partition('?')
    if any(n.lower().startswith('x-amz-') and n.lower() not in names.split(';') for n in headers):
        return None, None  # the services want all of these signed
    if headers.get('X-Amz-Content-Sha256', hashlib.sha256(body).hexdigest()) \
            != hashlib.sha256(body).hexdigest():
        return None, None
    canonical = '\n'.join([method, path, query,
                           ''.join(f'{n}:{headers[n].strip()}\n' for n in names.split(';')),
                           names, hashlib.sha256(body).hexdigest()])
    scope = f'{day}/{region}/{service}/aws4_request'
    text = '\n'.join(['AWS4-HMAC-SHA256', headers['X-Amz-Date'], scope,
                      hashlib.sha256(canonical.encode()).hexdigest()])
    key = ('AWS4' + secret).encode()
    for part in (day, region, service, 'aws4_request'):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest(), given


class Service:
    """`answers`: (status, body) for the next requests; then `usual`."""

    def __init__(self, name, usual, port=0):
        self.name, self.usual, self.answers, self.requests = name, usual, [], []
        self.refused, self.delay = 0, 0
        self.changed = threading.Condition()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def do_POST(self):
                self.do('POST')

            def do_PUT(self):
                self.do('PUT')

            def do(self, method):
                body = self.rfile.read(int(self.headers['Content-Length']))
                time.sleep(outer.delay)
                status, text = outer.take(self.path, body, self.headers, method)
                if status == 200 and callable(text):
                    status, text = text(body, self.headers)
                with contextlib.suppress(OSError):  # the other side did not wait
                    self.send_response(status)
                    self.send_header('Content-Length', str(len(text)))
                    self.end_headers()
                    self.wfile.write(text)

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', port), Handler)
        self.server.daemon_threads = True
        self.url = f'http://127.0.0.1:{self.server.server_address[1]}'
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, path, body, headers, method='POST'):
        wanted, given = signature(SECRET, self.name, path, body, headers, method)
        with self.changed:
            if wanted is None or wanted != given:
                self.refused += 1
                return 403, b'<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code>'
            answer = self.answers.pop(0) if self.answers else self.usual
            self.requests.append((path, body, answer[0]))
            self.changed.notify_all()
            return answer

    def wait(self, count, seconds=20):
        with self.changed:
            if not self.changed.wait_for(lambda: len(self.requests) >= count, seconds):
                raise AssertionError(f'{len(self.requests)} of {count} requests, '
                                     f'{self.refused} with a wrong signature')
            return list(self.requests)

    def forms(self, count):
        """The bodies as forms."""
        return [dict(urllib.parse.parse_qsl(body.decode(), strict_parsing=True))
                for _, body, status in self.wait(count) if status == 200]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Kms(Service):
    """GenerateDataKey and Decrypt, for keys that are named by their ARN."""

    def __init__(self, port=0):
        super().__init__('kms', (200, self.run), port)
        self.key = AESGCM(os.urandom(32))

    @staticmethod
    def bound_to(arn, context):
        return json.dumps([arn, sorted(context.items())]).encode()

    def run(self, body, headers):
        asked = json.loads(body)
        target = headers['X-Amz-Target']
        context = asked.get('EncryptionContext', {})
        if target == 'TrentService.GenerateDataKey':
            arn, plain, nonce = asked['KeyId'], os.urandom(asked['NumberOfBytes']), os.urandom(12)
            sealed = self.key.encrypt(nonce, plain, self.bound_to(arn, context))
            blob = json.dumps([arn, (nonce + sealed).hex()]).encode()
            return self.reply(KeyId=arn, Plaintext=base64.b64encode(plain).decode(),
                              CiphertextBlob=base64.b64encode(blob).decode())
        assert target == 'TrentService.Decrypt', target
        arn, sealed = json.loads(base64.b64decode(asked['CiphertextBlob']))
        sealed = bytes.fromhex(sealed)
        try:
            plain = self.key.decrypt(sealed[:12], sealed[12:], self.bound_to(arn, context))
        except InvalidTag:
            return 400, b'{"__type":"InvalidCiphertextException"}'
        return self.reply(KeyId=arn, Plaintext=base64.b64encode(plain).decode(),
                          EncryptionAlgorithm='SYMMETRIC_DEFAULT')

    @staticmethod
    def reply(**members):
        return 200, json.dumps(members).encode()
