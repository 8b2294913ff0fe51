"""The wire as old and new clients use it, with raw sockets where no SDK would send such bytes."""
import json
import re
import socket
import subprocess
import unittest

from poolhouse import CONTENT_TYPE, PASSWORD, PoolhouseTest, Reply, TARGET, UUID, binary


class Connection:
    """One keep-alive connection that sends exactly the given bytes."""

    def __init__(self, port):
        self.socket = socket.create_connection(('127.0.0.1', port), timeout=20)
        self.file = self.socket.makefile('rb')

    def send(self, data):
        self.socket.sendall(data)

    def reply(self, body=True):
        status = self.file.readline()
        if not status:
            return None
        headers = []
        while (line := self.file.readline().rstrip(b'\r\n')):
            name, value = line.decode('latin-1').split(':', 1)
            headers.append((name, value.strip()))
        reply = Reply(int(status.split()[1]), headers, b'')
        if body:
            reply.body = self.file.read(int(reply.headers.get('content-length', 0)))
        return reply

    def close(self):
        self.file.close()
        self.socket.close()


class Wire(PoolhouseTest):

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool()
        cls.client = cls.new_client(cls.pool)
        cls.user = cls.new_user(cls.pool)
        cls.sign_in_body = json.dumps({
            'ClientId': cls.client, 'AuthFlow': 'USER_PASSWORD_AUTH',
            'AuthParameters': {'USERNAME': cls.user, 'PASSWORD': PASSWORD}}).encode()

    def raw(self, body, path='/', operation='InitiateAuth', headers=None, method='POST',
            host=None, target=None):
        head = {'Host': host or f'127.0.0.1:{self.server.port}', 'Content-Type': CONTENT_TYPE,
                'X-Amz-Target': target if target is not None else TARGET + operation,
                'Content-Length': str(len(body)), **(headers or {})}
        lines = ''.join(f'{k}: {v}\r\n' for k, v in head.items() if v is not None)
        c = Connection(self.server.port)
        self.addCleanup(c.close)
        c.send(f'{method} {path} HTTP/1.1\r\n{lines}\r\n'.encode('latin-1') + body)
        return c.reply(body=method != 'HEAD')

    def assert_signs_in(self, reply):
        self.assertEqual(200, reply.status, reply.body)
        self.assertIn('AccessToken', reply.json['AuthenticationResult'])

    def assert_refused(self, reply, type_, status=400):
        self.assertEqual((status, type_), (reply.status, reply.json.get('__type')), reply.body)

    # Addresses and headers of real clients

    def test_the_dart_client_posts_to_slash_question_mark(self):
        self.assert_signs_in(self.raw(self.sign_in_body, path='/?'))

    def test_an_endpoint_that_ends_in_a_slash_becomes_a_double_slash(self):
        self.assert_signs_in(self.raw(self.sign_in_body, path='//?'))
        self.assert_signs_in(self.raw(self.sign_in_body, path='//'))

    def test_a_host_without_its_port_is_accepted(self):
        self.assert_signs_in(self.raw(self.sign_in_body, host='127.0.0.1'))

    def test_a_charset_after_the_content_type_is_accepted(self):
        self.assert_signs_in(self.raw(self.sign_in_body, headers={
            'Content-Type': CONTENT_TYPE + '; charset=utf-8'}))

    def test_an_empty_accept_encoding_is_accepted(self):
        self.assert_signs_in(self.raw(self.sign_in_body, headers={'Accept-Encoding': ''}))

    def test_a_null_inside_a_string_map_counts_as_absent(self):
        body = json.loads(self.sign_in_body)
        body['AuthParameters']['DEVICE_KEY'] = None
        body['ClientMetadata'] = None
        self.assert_signs_in(self.raw(json.dumps(body).encode()))

    def test_members_that_nobody_knows_are_ignored(self):
        body = json.loads(self.sign_in_body) | {'NoSuchMember': {'a': [1, None]}}
        self.assert_signs_in(self.raw(json.dumps(body).encode()))

    def test_a_signature_on_an_unsigned_operation_is_tolerated(self):
        reply = self.api.send('InitiateAuth', self.sign_in_body, signed=True)
        self.assert_signs_in(reply)
        self.assert_signs_in(self.raw(self.sign_in_body, headers={
            'Authorization': 'AWS4-HMAC-SHA256 nonsense'}))

    # Replies

    def test_a_success_carries_the_headers_of_the_service(self):
        reply = self.raw(self.sign_in_body, headers={'Origin': 'http://localhost:3000'})
        self.assertEqual(CONTENT_TYPE, reply.headers['content-type'])
        self.assertRegex(reply.headers['x-amzn-requestid'], UUID)
        self.assertEqual('*', reply.headers['access-control-allow-origin'])
        self.assertEqual('x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date',
                         reply.headers['access-control-expose-headers'])
        self.assertRegex(reply.headers['date'], r'^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$')
        self.assertNotIn('x-amzn-errortype', reply.headers)

    def test_every_request_has_an_id_of_its_own(self):
        ids = {self.raw(self.sign_in_body).headers['x-amzn-requestid'] for _ in range(3)}
        self.assertEqual(3, len(ids))

    def test_an_error_has_a_bare_type_one_message_and_the_headers(self):
        body = json.loads(self.sign_in_body)
        body['AuthParameters']['PASSWORD'] = 'Wr0ng-pass'
        reply = self.raw(json.dumps(body).encode())
        self.assertEqual(400, reply.status)
        self.assertEqual(b'{"__type":"NotAuthorizedException",'
                         b'"message":"Incorrect username or password."}', reply.body)
        self.assertEqual('NotAuthorizedException:', reply.headers['x-amzn-errortype'])
        self.assertEqual('Incorrect username or password.', reply.headers['x-amzn-errormessage'])
        self.assertEqual('*', reply.headers['access-control-allow-origin'])
        self.assertEqual(CONTENT_TYPE, reply.headers['content-type'])
        self.assertRegex(reply.headers['x-amzn-requestid'], UUID)

    def test_an_error_header_never_carries_raw_bytes_of_the_caller(self):
        body = json.loads(self.sign_in_body) | {'AuthFlow': 'käse\r\nX-Evil: 1'}
        reply = self.raw(json.dumps(body).encode())
        self.assert_refused(reply, 'InvalidParameterException')
        self.assertNotIn('x-evil', reply.headers)
        for value in reply.headers.values():
            self.assertTrue(value.isascii(), value)

    def test_replies_to_empty_outputs_are_an_empty_object(self):
        reply = self.api.send('AdminEnableUser', json.dumps(
            {'UserPoolId': self.pool, 'Username': self.user}).encode())
        self.assertEqual((200, b'{}'), (reply.status, reply.body))

    def test_timestamps_are_numbers_with_milliseconds(self):
        pool = self.api.DescribeUserPool(UserPoolId=self.pool)['UserPool']
        self.assertIsInstance(pool['CreationDate'], (int, float))
        self.assertAlmostEqual(self.server.now(), pool['CreationDate'], delta=600)
        raw = self.api.send('DescribeUserPool', json.dumps({'UserPoolId': self.pool}).encode())
        self.assertRegex(raw.body, rb'"CreationDate":\d{10}(\.\d{1,3})?[,}]')

    # Things that are not requests

    def test_an_unknown_target_is_an_unknown_operation(self):
        for target in (TARGET + 'NoSuchOperation', TARGET + 'initiateauth', 'InitiateAuth', '',
                       'AWSCognitoIdentityService.InitiateAuth'):
            with self.subTest(target=target):
                reply = self.raw(b'{}', target=target)
                self.assertEqual((400, {'__type': 'UnknownOperationException'}),
                                 (reply.status, reply.json))
                self.assertEqual('UnknownOperationException:', reply.headers['x-amzn-errortype'])

    def test_a_missing_target_is_an_unknown_operation(self):
        reply = self.raw(b'{}', headers={'X-Amz-Target': None})
        self.assertEqual((400, {'__type': 'UnknownOperationException'}), (reply.status, reply.json))

    def test_a_wrong_or_missing_content_type_is_not_found(self):
        for content_type in (None, 'application/x-amz-json-1.0', 'text/plain'):
            with self.subTest(content_type=content_type):
                reply = self.raw(self.sign_in_body, headers={'Content-Type': content_type})
                self.assertEqual(404, reply.status)
                self.assertIn(b'<UnknownOperationException/>', reply.body)

    def test_a_body_that_is_not_an_object_is_a_serialization_error(self):
        for body in (b'', b'null', b'"text"', b'{"ClientId":', b'{"a":1,}', b'{]', b'{"a":1} x',
                     b'{"AuthParameters":map[]}'):
            with self.subTest(body=body):
                reply = self.raw(body)
                self.assertEqual((400, {'__type': 'SerializationException'}),
                                 (reply.status, reply.json))

    def test_an_array_as_body_is_a_serialization_error_with_its_text(self):
        reply = self.raw(b'[]')
        self.assertEqual({'__type': 'SerializationException',
                          'Message': 'Start of list found where not expected'}, reply.json)

    def test_wrong_json_types_have_the_texts_of_the_framework(self):
        cases = (
            ('InitiateAuth', {'ClientId': {}}, 'Start of structure or map found where not expected.'),
            ('InitiateAuth', {'ClientId': []}, 'Start of list found where not expected'),
            ('InitiateAuth', {'ClientId': 7}, 'NUMBER_VALUE can not be converted to a String'),
            ('InitiateAuth', {'ClientId': True}, 'TRUE_VALUE can not be converted to a String'),
            ('InitiateAuth', {'ClientId': False}, 'FALSE_VALUE can not be converted to a String'),
            ('InitiateAuth', {'AuthParameters': 'x'}, 'Expected map or null'),
            ('SignUp', {'UserAttributes': 'x'}, 'Expected list or null'),
            ('SignUp', {'UserContextData': 'x'}, 'Expected null'),
            ('ListUserPools', {'MaxResults': 'x'}, 'STRING_VALUE can not be converted to an Integer'),
            ('ListUserPools', {'MaxResults': True}, 'TRUE_VALUE can not be converted to an Integer'))
        for operation, members, text in cases:
            with self.subTest(members=members):
                reply = self.api.send(operation, json.dumps(members).encode())
                self.assertEqual((400, {'__type': 'SerializationException', 'Message': text}),
                                 (reply.status, reply.json))

    def test_a_fraction_given_for_an_integer_is_cut(self):
        self.assertEqual(1, len(self.api.ListUserPools(MaxResults=1.5)['UserPools']))

    def test_a_type_error_comes_before_constraint_errors(self):
        reply = self.api.send('SignUp', b'{"ClientId":"","Username":5}')
        self.assert_refused(reply, 'SerializationException')

    def test_deeply_nested_json_is_refused_and_the_server_lives(self):
        reply = self.raw(b'{"a":' * 5000 + b'1' + b'}' * 5000)
        self.assert_refused(reply, 'SerializationException')
        self.assert_signs_in(self.raw(self.sign_in_body))

    def test_bytes_that_are_not_utf_8_are_refused(self):
        self.assert_refused(self.raw(b'{"ClientId":"\xff\xfe"}'), 'SerializationException')

    # Other methods and paths

    def test_a_preflight_echoes_what_the_browser_asks_for(self):
        reply = self.raw(b'', method='OPTIONS', headers={
            'Origin': 'http://localhost:3000', 'Access-Control-Request-Method': 'POST',
            'Access-Control-Request-Headers': 'cache-control,content-type,x-amz-target,x-amz-user-agent',
            'Content-Type': None, 'X-Amz-Target': None})
        self.assertEqual((200, b''), (reply.status, reply.body))
        self.assertEqual('*', reply.headers['access-control-allow-origin'])
        self.assertEqual('cache-control,content-type,x-amz-target,x-amz-user-agent',
                         reply.headers['access-control-allow-headers'])
        self.assertEqual('POST', reply.headers['access-control-allow-methods'])
        self.assertEqual('172800', reply.headers['access-control-max-age'])
        self.assertEqual('x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date',
                         reply.headers['access-control-expose-headers'])
        self.assertNotIn('access-control-allow-credentials', reply.headers)

    def test_a_head_request_gets_headers_and_no_body(self):
        c = Connection(self.server.port)
        self.addCleanup(c.close)
        c.send(b'HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n')
        self.assertEqual(200, c.reply(body=False).status)
        c.send(b'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
        self.assertEqual(200, c.reply().status)

    def test_an_unknown_path_is_not_found(self):
        for method, path in (('GET', '/no/such/thing'), ('POST', '/no/such/thing'), ('GET', '/'),
                             ('DELETE', '/'), ('PUT', '/x')):
            with self.subTest(method=method, path=path):
                self.assertEqual(404, self.raw(b'', method=method, path=path).status)

    # Connections

    def test_a_connection_is_kept_alive_across_successes_and_errors(self):
        c = Connection(self.server.port)
        self.addCleanup(c.close)
        for body, status in ((self.sign_in_body, 200), (b'{', 400), (self.sign_in_body, 200)):
            c.send((f'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: {CONTENT_TYPE}\r\nX-Amz-Target: '
                    f'{TARGET}InitiateAuth\r\nContent-Length: {len(body)}\r\n\r\n').encode() + body)
            self.assertEqual(status, c.reply().status)

    def test_a_head_that_arrives_byte_by_byte_is_read(self):
        c = Connection(self.server.port)
        self.addCleanup(c.close)
        for byte in b'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n':
            c.send(bytes([byte]))
        self.assertEqual(200, c.reply().status)

    def test_a_body_beyond_the_limit_is_refused_before_it_is_sent(self):
        c = Connection(self.server.port)
        self.addCleanup(c.close)
        c.send((f'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: {CONTENT_TYPE}\r\nX-Amz-Target: '
                f'{TARGET}InitiateAuth\r\nContent-Length: 4000000000\r\n\r\n').encode())
        c.send(b'x' * 10)
        reply = c.reply(body=False)
        self.assertTrue(reply is None or reply.status in (400, 413), reply and reply.status)

    def test_two_content_lengths_are_refused(self):
        c = Connection(self.server.port)
        self.addCleanup(c.close)
        c.send(b'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x')
        reply = c.reply(body=False)
        self.assertTrue(reply is None or reply.status == 400, reply and reply.status)

    def test_a_thousand_idle_connections_do_not_stop_the_others(self):
        idle = [Connection(self.server.port) for _ in range(1000)]
        try:
            for c in idle[:100]:
                c.send(b'POST / HTTP/1.1\r\nHost:')
            self.assert_signs_in(self.raw(self.sign_in_body))
        finally:
            for c in idle:
                c.close()

    # What is there beside the API

    def test_health_and_readiness_are_answered(self):
        for path in ('/healthz', '/readyz'):
            self.assertEqual(200, self.server.get(path).status)

    def test_metrics_count_operations_and_errors(self):
        self.raw(self.sign_in_body)
        reply = self.server.get('/metrics')
        self.assertEqual(200, reply.status)
        self.assertRegex(reply.body, rb'(?m)^poolhouse_\w+\{[^}]*InitiateAuth[^}]*\} \d')
        self.assertIn(b'# TYPE ', reply.body)

    def test_operations_that_are_not_built_say_so_with_their_name(self):
        listed = subprocess.run([binary(), 'help', 'operations'], check=True, capture_output=True,
                                text=True).stdout
        for operation in re.findall(r'^ *(\w+) .*not built$', listed, re.MULTILINE):
            with self.subTest(operation=operation):
                reply = self.api.send(operation, json.dumps({
                    'UserPoolId': self.pool, 'MaxResults': 1, 'AccessToken': 'x'}).encode())
                if reply.status == 400:  # it wants more members: checked before anything else
                    self.assertEqual('InvalidParameterException', reply.json['__type'])
                else:
                    self.assertEqual(501, reply.status)
                    self.assertEqual({'__type': 'OperationNotBuiltException',
                                      'message': f'{operation} is not built yet.'}, reply.json)

    def test_only_signed_operations_take_large_bodies(self):
        more = ' ' * (256 * 1024)
        reply = self.api.send('InitiateAuth', (json.dumps({'ClientId': 'x'}) + more).encode())
        self.assertEqual((413, {'__type': 'RequestEntityTooLargeException',
                                'message': 'The request is too large.'}),
                         (reply.status, reply.json))
        reply = self.api.send('ListUserPools', (json.dumps({'MaxResults': 1}) + more).encode())
        self.assertEqual(200, reply.status)

    def test_an_admin_operation_without_a_signature_is_refused(self):
        reply = self.api.send('ListUserPools', b'{"MaxResults":1}', signed=False)
        self.assertEqual((400, {'__type': 'MissingAuthenticationTokenException',
                                'message': 'Missing Authentication Token'}),
                         (reply.status, reply.json))

    def test_names_of_every_script_come_back_unchanged(self):
        name = 'Zoë-Ωμέγα-日本-🎟'
        self.new_user(self.pool, 'unicode', name=name)
        reply = self.api.AdminGetUser(UserPoolId=self.pool, Username='unicode')
        self.assertIn({'Name': 'name', 'Value': name}, reply['UserAttributes'])


if __name__ == '__main__':
    unittest.main()
