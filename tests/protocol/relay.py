"""SMTP relays for tests: a real one (aiosmtpd), and one that misbehaves by a script."""
import email
import email.policy
import os
import socket
import ssl
import subprocess
import threading
import time

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from poolhouse import free_port


class Mail:
    def __init__(self, envelope):
        self.sender, self.recipients = envelope.mail_from, envelope.rcpt_tos
        self.raw = envelope.content
        self.message = email.message_from_bytes(self.raw, policy=email.policy.default)

    @property
    def id(self):
        return self.message['Message-ID']

    @property
    def text(self):
        return self.message.get_content()


class Relay:
    """Keeps what it takes. `answers`: address -> replies to RCPT, one after the other."""

    def __init__(self, port=None, certificate=None, implicit_tls=False, login=None, delay=0,
                 **options):
        self.port = port or free_port()
        self.mails, self.answers, self.delay = [], {}, delay
        self.sessions = 0
        self.login = login
        self.lock = threading.Condition()
        context = None
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
        if login:
            options.update(authenticator=self.authenticate, auth_required=True,
                           auth_require_tls=certificate is not None and not implicit_tls)
        outer = self

        class OurController(Controller):
            def factory(self):
                outer.sessions += 1
                return SMTP(self.handler, **self.SMTP_kwargs)
        if implicit_tls:
            options['ssl_context'] = context
        elif context:
            options['tls_context'] = context
        self.controller = OurController(self, hostname='127.0.0.1', port=self.port,
                                        enable_SMTPUTF8=True, **options)

    def authenticate(self, server, session, envelope, mechanism, data):
        good = isinstance(data, LoginPassword) and \
            (data.login.decode(), data.password.decode()) == self.login
        return AuthResult(success=good)

    async def handle_RCPT(self, server, session, envelope, address, options):
        waiting = self.answers.get(address)
        if waiting:
            return waiting.pop(0)
        envelope.rcpt_tos.append(address)
        return '250 OK'

    async def handle_DATA(self, server, session, envelope):
        if self.delay:
            import asyncio
            await asyncio.sleep(self.delay)
        with self.lock:
            self.mails.append(Mail(envelope))
            self.lock.notify_all()
        return '250 OK'

    def start(self):
        self.controller.start()
        return self

    def stop(self):
        self.controller.stop()

    def wait(self, count=1, seconds=20):
        """The mails as soon as there are so many."""
        with self.lock:
            if not self.lock.wait_for(lambda: len(self.mails) >= count, seconds):
                raise AssertionError(f'{len(self.mails)} of {count} mails after {seconds} s')
            return list(self.mails)

    @property
    def url(self):
        return f'smtp://127.0.0.1:{self.port}'


class Script:
    """A relay that does to each connection what the script says, and counts connections.

    A step is bytes to send, a number of seconds to wait, `'line'` to read one, `'close'`, or
    `'hang'`: nothing until the other side goes.
    """

    def __init__(self, *steps, port=None):
        self.steps, self.connections, self.stopping = steps, 0, False
        self.listener = socket.create_server(('127.0.0.1', port or 0))
        self.port = self.listener.getsockname()[1]
        self.url = f'smtp://127.0.0.1:{self.port}'
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while not self.stopping:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.play, args=(peer,), daemon=True).start()

    def play(self, peer):
        lines = peer.makefile('rb')
        try:
            for step in self.steps:
                if isinstance(step, bytes):
                    peer.sendall(step)
                elif step == 'line':
                    lines.readline()
                elif step == 'text':
                    while lines.readline() not in (b'.\r\n', b''):
                        pass
                elif step == 'hang':
                    while lines.readline():
                        pass
                elif step == 'close':
                    break
                else:
                    time.sleep(step)
        except OSError:
            pass
        finally:
            lines.close()
            peer.close()

    def wait(self, count, seconds=20):
        deadline = time.monotonic() + seconds
        while self.connections < count:
            if time.monotonic() > deadline:
                raise AssertionError(f'{self.connections} of {count} connections')
            time.sleep(0.05)

    def stop(self):
        self.stopping = True
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def certificate(directory):
    """(certificate, key): self-signed for 127.0.0.1, files in the directory."""
    paths = [os.path.join(directory, name) for name in ('relay.pem', 'relay.key')]
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
                    'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj',
                    '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-out', paths[0],
                    '-keyout', paths[1]], check=True, capture_output=True)
    return tuple(paths)
