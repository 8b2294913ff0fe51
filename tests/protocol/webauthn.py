"""An authenticator and the browser before it, by WebAuthn Level 2; shares nothing with the server."""
import base64
import hashlib
import json
import os
import struct

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509.oid import NameOID

PRESENT, VERIFIED, MAY_BACK_UP, BACKED_UP, KEY_INCLUDED, EXTENSIONS = 1, 4, 8, 16, 64, 128
ES256, EDDSA, RS256 = -7, -8, -257


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b'=').decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + '=' * (-len(text) % 4))


def cbor(value):
    """What authenticators need of RFC 8949, with lengths as short as can be."""
    def head(kind, n):
        for size, code, form in ((24, None, ''), (2**8, 24, '>B'), (2**16, 25, '>H'), (2**32, 26, '>I')):
            if n < size:
                return bytes([kind << 5 | (n if code is None else code)]) + (
                    struct.pack(form, n) if form else b'')
        raise ValueError(n)
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b''.join(map(cbor, value))
    return head(5, len(value)) + b''.join(cbor(k) + cbor(v) for k, v in value.items())


class Key:
    """A key pair of one COSE algorithm."""

    def __init__(self, algorithm=ES256):
        self.algorithm = algorithm
        self.private = {
            ES256: lambda: ec.generate_private_key(ec.SECP256R1()),
            EDDSA: ed25519.Ed25519PrivateKey.generate,
            RS256: lambda: rsa.generate_private_key(65537, 2048)}[algorithm]()

    def cose(self):
        public = self.private.public_key()
        if self.algorithm == ES256:
            n = public.public_numbers()
            return {1: 2, 3: ES256, -1: 1, -2: n.x.to_bytes(32, 'big'), -3: n.y.to_bytes(32, 'big')}
        if self.algorithm == RS256:
            n = public.public_numbers()
            return {1: 3, 3: RS256, -1: n.n.to_bytes(256, 'big'), -2: n.e.to_bytes(3, 'big')}
        raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return {1: 1, 3: EDDSA, -1: 6, -2: raw}

    def sign(self, message):
        if self.algorithm == ES256:
            return self.private.sign(message, ec.ECDSA(hashes.SHA256()))
        if self.algorithm == RS256:
            return self.private.sign(message, padding.PKCS1v15(), hashes.SHA256())
        return self.private.sign(message)


class Passkey:
    """One credential on a virtual authenticator, and what browsers make of it.

    Members may be changed between calls: that is how tests lie.
    """

    def __init__(self, origin, algorithm=ES256, count=0, verifies=True, attachment='platform',
                 transports=('internal', 'hybrid')):
        self.origin, self.count, self.attachment = origin, count, attachment
        self.transports = list(transports)
        self.key = Key(algorithm)
        self.id = os.urandom(32)
        self.aaguid = bytes(16)
        self.flags = PRESENT | MAY_BACK_UP | BACKED_UP | (VERIFIED if verifies else 0)
        self.user_handle = None
        self.rp_id = None

    def authenticator_data(self, rp_id, more_flags=0, rest=b''):
        return (hashlib.sha256(rp_id.encode()).digest() + bytes([self.flags | more_flags]) +
                struct.pack('>I', self.count) + rest)

    def client_data(self, type_, challenge, origin=None):
        return json.dumps({'type': type_, 'challenge': challenge, 'origin': origin or self.origin,
                           'crossOrigin': False}, separators=(',', ':')).encode()

    def attested(self, rp_id, extensions=None):
        rest = (self.aaguid + struct.pack('>H', len(self.id)) + self.id + cbor(self.key.cose()))
        more = KEY_INCLUDED
        if extensions is not None:
            rest, more = rest + cbor(extensions), more | EXTENSIONS
        return self.authenticator_data(rp_id, more, rest)

    def statement(self, form, auth_data, client_hash):
        if form == 'packed':
            return {'alg': self.key.algorithm, 'sig': self.key.sign(auth_data + client_hash)}
        if form == 'packed x5c':
            maker = Key(ES256)
            return {'alg': ES256, 'sig': maker.sign(auth_data + client_hash),
                    'x5c': [attestation_certificate(maker.private)]}
        return {}

    def create(self, options, form='none', rp_id=None, extensions=None, type_='webauthn.create',
               origin=None):
        """navigator.credentials.create(), as RegistrationResponseJSON."""
        self.rp_id = rp_id or options['rp']['id']
        self.user_handle = unb64(options['user']['id'])
        data = self.client_data(type_, options['challenge'], origin)
        auth_data = self.attested(self.rp_id, extensions)
        statement = self.statement(form, auth_data, hashlib.sha256(data).digest())
        # In the order of CTAP: shorter names first.
        attestation = cbor({'fmt': form.split()[0], 'attStmt': statement, 'authData': auth_data})
        return self.credential(clientDataJSON=b64(data), attestationObject=b64(attestation),
                               transports=self.transports)

    def get(self, options, rp_id=None, type_='webauthn.get', origin=None):
        """navigator.credentials.get(), as AuthenticationResponseJSON in text."""
        data = self.client_data(type_, options['challenge'], origin)
        if self.count:
            self.count += 1
        auth_data = self.authenticator_data(rp_id or options['rpId'])
        signature = self.key.sign(auth_data + hashlib.sha256(data).digest())
        return json.dumps(self.credential(
            clientDataJSON=b64(data), authenticatorData=b64(auth_data), signature=b64(signature),
            **({'userHandle': b64(self.user_handle)} if self.user_handle else {})))

    def credential(self, **response):
        made = {'id': b64(self.id), 'rawId': b64(self.id), 'type': 'public-key',
                'clientExtensionResults': {}, 'response': response}
        if self.attachment:
            made['authenticatorAttachment'] = self.attachment
        return made


def attestation_certificate(private):
    """WebAuthn 8.2.1: version 3, the subject of an authenticator, no CA."""
    import datetime
    name = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, 'DE'),
                      x509.NameAttribute(NameOID.ORGANIZATION_NAME, 'Tests'),
                      x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, 'Authenticator Attestation'),
                      x509.NameAttribute(NameOID.COMMON_NAME, 'Tests')])
    start = datetime.datetime(2020, 1, 1)
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name)
            .public_key(private.public_key()).serial_number(1).not_valid_before(start)
            .not_valid_after(start + datetime.timedelta(days=36500))
            .add_extension(x509.BasicConstraints(False, None), True)
            .sign(private, hashes.SHA256()))
    return made.public_bytes(serialization.Encoding.DER)
