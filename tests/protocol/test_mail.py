"""E-mail really leaves: what a relay receives, TLS and sign-in to it, and what users are sent."""
import email.utils
import os
import re
import shutil
import subprocess
import tempfile
import time
import unittest

from poolhouse import (ALLOW_ALL, PASSWORD, Api, PoolhouseTest, Server, binary, create_key,
                       serve_options)
from relay import Relay, certificate

FROM = 'Shop <no-reply@shop.example>'


class MailTest(PoolhouseTest):
    """A server of `serve` with a relay."""

    relay_options = {}
    mail_options = {}

    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.mkdtemp(prefix='poolhouse-relay-')
        cls.addClassCleanup(shutil.rmtree, cls.scratch)
        cls.relay = Relay(**cls.relay_settings()).start()
        cls.addClassCleanup(cls.relay.stop)
        options = serve_options()
        options['env'].update(POOLHOUSE_MAIL_RELAY=cls.relay_url(), POOLHOUSE_MAIL_FROM=FROM,
                              **cls.mail_settings())
        cls.server_options = options
        super().setUpClass()

    @classmethod
    def relay_settings(cls):
        return {}

    @classmethod
    def relay_url(cls):
        return cls.relay.url

    @classmethod
    def mail_settings(cls):
        return {'POOLHOUSE_MAIL_STARTTLS': 'off'}

    @classmethod
    def prepare(cls):
        cls.api.credentials = create_key(cls.server, 'root', ALLOW_ALL)
        cls.pool = cls.new_pool(AutoVerifiedAttributes=['email'])
        cls.client = cls.new_client(cls.pool)

    def sign_up(self, name, address=None, client=None):
        before = len(self.relay.mails)
        self.api.SignUp(ClientId=client or self.client, Username=name, Password=PASSWORD,
                        UserAttributes=[{'Name': 'email',
                                         'Value': address or f'{name}@example.com'}])
        return self.relay.wait(before + 1)[-1]

    def settle(self):
        """Waits until nothing is under way."""
        self.until(lambda: self.metric('outbox_waiting') == 0)


class Plain(MailTest):

    def test_a_user_signs_up_with_the_code_that_came_by_mail(self):
        mail = self.sign_up('ann')
        self.assertEqual(('no-reply@shop.example', ['ann@example.com']),
                         (mail.sender, mail.recipients))
        self.assertEqual((FROM, 'ann@example.com'),
                         (str(mail.message['From']), str(mail.message['To'])))
        self.assertEqual('Your verification code', mail.message['Subject'])
        self.assertEqual('text/html', mail.message.get_content_type())
        self.assertEqual('UTF-8', mail.message.get_content_charset().upper())
        self.assertEqual('auto-generated', mail.message['Auto-Submitted'])
        self.assertRegex(mail.id, r'\A<[0-9a-f-]{36}@shop\.example>\Z')
        sent = email.utils.parsedate_to_datetime(mail.message['Date']).timestamp()
        self.assertLess(abs(sent - time.time()), 30)
        code = re.fullmatch(r'Your verification code is (\d{6})\. \s*', mail.text).group(1)
        self.api.ConfirmSignUp(ClientId=self.client, Username='ann', ConfirmationCode=code)

    def test_the_pool_says_who_sends_and_who_is_answered(self):
        pool = self.new_pool(AutoVerifiedAttributes=['email'], EmailConfiguration={
            'EmailSendingAccount': 'DEVELOPER', 'From': 'Müller & Söhne <mueller@firma.example>',
            'SourceArn': 'arn:aws:ses:eu-west-1:000000000000:identity/firma.example',
            'ReplyToEmailAddress': 'help@firma.example'},
            VerificationMessageTemplate={'EmailSubject': 'Dein Code für Müller — 你好',
                                         'EmailMessage': '<p>Grüße! {####}</p>\n<p>.</p>\n.'})
        mail = self.sign_up('dora', client=self.new_client(pool))
        self.assertEqual('mueller@firma.example', mail.sender)
        self.assertEqual('Müller & Söhne', mail.message['From'].addresses[0].display_name)
        self.assertEqual('help@firma.example', mail.message['Reply-To'].addresses[0].addr_spec)
        self.assertEqual('Dein Code für Müller — 你好', mail.message['Subject'])
        self.assertRegex(mail.text, r'\A<p>Grüße! \d{6}</p>\r?\n<p>\.</p>\r?\n\.\s*\Z')
        self.assertTrue(all(len(line) <= 76 for line in mail.raw.split(b'\r\n')), mail.raw)

    def test_the_identity_of_the_pool_sends_when_it_is_an_address(self):
        pool = self.new_pool(AutoVerifiedAttributes=['email'], EmailConfiguration={
            'SourceArn': 'arn:aws:ses:eu-west-1:000000000000:identity/shop@firma.example'})
        self.assertEqual('shop@firma.example',
                         self.sign_up('emil', client=self.new_client(pool)).sender)

    def test_nothing_of_a_sent_message_stays_in_the_database(self):
        client = self.new_client(self.new_pool(AutoVerifiedAttributes=['email'],
                                               EmailVerificationMessage='canary-{####}'))
        sent = re.search(r'canary-\d{6}', self.sign_up('frida', client=client).text).group()
        self.settle()
        stored = self.server.database.content()
        self.assertIn(b'canary-{####}', stored, 'the search looks at the wrong place')
        self.assertNotIn(sent.encode(), stored)
        self.assertEqual([], self.server.database.rows('SELECT id FROM outbox WHERE username = ?', 'frida'))
        self.assertEqual(0, self.metric('outbox_waiting'))
        self.assertGreaterEqual(self.metric('mail_sent_total'), 1)

    def test_an_address_that_is_refused_is_given_up_at_once(self):
        self.relay.answers['gone@example.com'] = ['550 5.1.1 who is gone@example.com?']
        failed = self.metric('mail_failed_total')
        self.api.SignUp(ClientId=self.client, Username='gone', Password=PASSWORD,
                        UserAttributes=[{'Name': 'email', 'Value': 'gone@example.com'}])
        self.until(lambda: self.metric('mail_failed_total') > failed)
        self.settle()
        self.sign_up('after-gone')

    def test_the_log_holds_ids_and_neither_addresses_nor_codes(self):
        mail = self.sign_up('greta', 'greta-canary@example.com')
        code = re.search(r'\d{6}', mail.text).group()
        self.settle()
        log = self.server.log()
        self.assertIn(mail.id[1:37], log)
        for secret in ('greta-canary', 'greta@', code, 'Your verification'):
            self.assertNotIn(secret, log)

    def test_an_invitation_shows_what_the_user_must_type(self):
        before = len(self.relay.mails)
        self.api.AdminCreateUser(UserPoolId=self.pool, Username='<b>ida', DesiredDeliveryMediums=[
            'EMAIL'], TemporaryPassword='Pass<w0>&rd!', UserAttributes=[
                {'Name': 'email', 'Value': 'ida@example.com'}])
        mail = self.relay.wait(before + 1)[-1]
        self.assertEqual('Your temporary password', mail.message['Subject'])
        self.assertIn('Your username is &lt;b&gt;ida and temporary password is '
                      'Pass&lt;w0&gt;&amp;rd!', mail.text)

    def test_many_at_once_come_once_each(self):
        before = len(self.relay.mails)
        names = [f'crowd{i}' for i in range(60)]
        for name in names:
            self.api.SignUp(ClientId=self.client, Username=name, Password=PASSWORD,
                            UserAttributes=[{'Name': 'email', 'Value': f'{name}@example.com'}])
        mails = self.relay.wait(before + 60, 30)[before:]
        self.settle()
        got = [m.recipients[0] for m in mails]
        self.assertEqual(sorted(f'{n}@example.com' for n in names), sorted(got))
        self.assertEqual(len(mails), len({m.id for m in mails}))


class StartTls(MailTest):
    @classmethod
    def relay_settings(cls):
        cls.certificate = certificate(cls.scratch)
        return {'certificate': cls.certificate, 'require_starttls': True,
                'login': ('shop', 'relay-secret-canary')}

    @classmethod
    def mail_settings(cls):
        path = os.path.join(cls.scratch, 'password')
        with open(path, 'w', encoding='ascii') as f:
            f.write('relay-secret-canary\n')
        os.chmod(path, 0o600)
        return {'POOLHOUSE_MAIL_CA': cls.certificate[0], 'POOLHOUSE_MAIL_USER': 'shop',
                'POOLHOUSE_MAIL_PASSWORD_FILE': path}

    def test_mail_goes_over_tls_after_signing_in(self):
        self.assertEqual(['ann@example.com'], self.sign_up('ann').recipients)

    def test_the_password_is_shown_nowhere(self):
        environment = {**self.server.environment()}
        shown = subprocess.run([binary(), 'config', 'show', '--mode', 'serve'], env=environment,
                               capture_output=True, text=True, check=True).stdout
        self.assertIn('password = ***', shown)
        self.assertNotIn('canary', shown + self.server.log())

    def test_the_doctor_says_that_the_relay_is_well(self):
        done = subprocess.run([binary(), 'doctor', '--data', self.server.data, '--listen',
                               f'127.0.0.1:{self.server.port}', '--admin-listen',
                               f'127.0.0.1:{self.server.admin_port}'],
                              env=self.server.environment(), capture_output=True, text=True,
                              check=False, timeout=60)
        self.assertRegex(done.stdout, r'(?m)^ok +mail relay ')


class ImplicitTls(MailTest):
    @classmethod
    def relay_settings(cls):
        cls.certificate = certificate(cls.scratch)
        return {'certificate': cls.certificate, 'implicit_tls': True}

    @classmethod
    def relay_url(cls):
        return f'smtps://127.0.0.1:{cls.relay.port}'

    @classmethod
    def mail_settings(cls):
        return {'POOLHOUSE_MAIL_CA': cls.certificate[0]}

    def test_mail_goes_over_tls_from_the_first_byte(self):
        self.assertEqual(['ann@example.com'], self.sign_up('ann').recipients)


class Untrusted(MailTest):
    """Nobody vouches for the relay's certificate: nothing may be told to it."""

    @classmethod
    def relay_settings(cls):
        return {'certificate': certificate(cls.scratch)}

    @classmethod
    def mail_settings(cls):
        return {}

    def test_nothing_is_sent_and_the_message_waits(self):
        self.api.SignUp(ClientId=self.client, Username='ann', Password=PASSWORD,
                        UserAttributes=[{'Name': 'email', 'Value': 'ann@example.com'}])
        self.until(lambda: '"relay_down"' in self.server.log())
        self.assertEqual([], self.relay.mails)
        self.assertEqual((1, 1), (self.metric('outbox_waiting'), self.metric('mail_relay_down')))
        self.assertEqual(200, self.server.get('/readyz', port=self.server.admin_port).status)


class NoStartTls(MailTest):
    """The relay offers no TLS, and TLS is required, as it is by default in serve."""

    @classmethod
    def mail_settings(cls):
        return {}

    test_nothing_is_sent_and_the_message_waits = \
        Untrusted.test_nothing_is_sent_and_the_message_waits


class Dev(PoolhouseTest):
    """While developing, with a relay: it is sent and stays readable."""

    @classmethod
    def setUpClass(cls):
        cls.relay = Relay().start()
        cls.addClassCleanup(cls.relay.stop)
        cls.server_args = ('--mail-relay', cls.relay.url, '--mail-from', FROM)
        super().setUpClass()

    def test_a_message_is_sent_and_stays_in_the_outbox(self):
        client = self.new_client(self.new_pool(AutoVerifiedAttributes=['email']))
        self.api.SignUp(ClientId=client, Username='ann', Password=PASSWORD, UserAttributes=[
            {'Name': 'email', 'Value': 'ann@example.com'}])
        mail = self.relay.wait(1)[0]
        self.assertIn(self.server.code('ann'), mail.text)
        time.sleep(0.5)
        self.assertEqual(1, len(self.server.outbox('ann')))
        self.assertEqual(1, len(self.relay.mails))


class NoRelay(PoolhouseTest):
    """serve without a relay: a warning at the start, operations work, messages wait."""

    @classmethod
    def setUpClass(cls):
        cls.server_options = serve_options()
        super().setUpClass()

    def test_the_message_waits_for_a_relay_that_comes_later(self):
        self.assertIn('no e-mail leaves: set mail.relay', self.server.log())
        self.api.credentials = create_key(self.server, 'root', ALLOW_ALL)
        client = self.new_client(self.new_pool(AutoVerifiedAttributes=['email']))
        reply = self.api.SignUp(ClientId=client, Username='ann', Password=PASSWORD,
                                UserAttributes=[{'Name': 'email', 'Value': 'ann@example.com'}])
        self.assertEqual('EMAIL', reply['CodeDeliveryDetails']['DeliveryMedium'])
        self.assertEqual(1, self.metric('outbox_waiting'))
        relay = Relay().start()
        self.addCleanup(relay.stop)
        self.server.process.terminate()
        self.assertEqual(0, self.server.process.wait(30))
        self.server.env.update(POOLHOUSE_MAIL_RELAY=relay.url, POOLHOUSE_MAIL_FROM=FROM,
                               POOLHOUSE_MAIL_STARTTLS='off')
        self.server.start()
        code = re.search(r'\d{6}', relay.wait(1)[0].text).group()
        Api(self.server.port).ConfirmSignUp(ClientId=client, Username='ann', ConfirmationCode=code)


class Settings(unittest.TestCase):

    def problems(self, **settings):
        server = Server(mode='serve')
        self.addCleanup(shutil.rmtree, server.directory)
        environment = server.environment()
        environment.update({f'POOLHOUSE_MAIL_{k}': v for k, v in settings.items()})
        return subprocess.run([binary(), 'config', 'check', '--mode', 'serve'], env=environment,
                              capture_output=True, text=True, check=False).stderr

    def test_a_relay_needs_a_sender(self):
        self.assertIn('mail.from must be an address like Shop <no-reply@example.com>',
                      self.problems(RELAY='smtp://localhost'))
        self.assertIn('mail.from must be', self.problems(RELAY='smtp://localhost', FROM='nobody'))

    def test_other_addresses_of_relays_are_refused(self):
        self.assertIn('mail.relay is not a URL like smtp://mail.example.com:587',
                      self.problems(RELAY='http://localhost', FROM=FROM))

    def test_a_name_needs_its_password(self):
        self.assertIn('mail.user and mail.password belong together',
                      self.problems(RELAY='smtp://localhost', FROM=FROM, USER='shop'))


if __name__ == '__main__':
    unittest.main()
