"""The client's half of SRP, by the formulas alone; shares nothing with the server."""
import base64
import datetime
import hashlib
import hmac
import secrets


def pi_times_power_of_two(bits):
    """floor(2**bits * pi), by Machin's formula with guard bits."""
    guard = 64
    one = 1 << (bits + guard)

    def arctan_inverse(x):
        total = term = one // x
        n, sign = 3, -1
        while term:
            term //= x * x
            total += sign * (term // n)
            n, sign = n + 2, -sign
        return total

    return (4 * (4 * arctan_inverse(5) - arctan_inverse(239))) >> guard


# RFC 3526, group 15, from its definition.
N = 2**3072 - 2**3008 - 1 + 2**64 * (pi_times_power_of_two(2942) + 1690314)
G = 2


def big_integer(n):
    """Minimal two's complement, big-endian: a zero byte in front of a high bit."""
    return n.to_bytes(n.bit_length() // 8 + 1, 'big')


def digest(*parts):
    return hashlib.sha256(b''.join(parts)).digest()


def number(raw):
    return int.from_bytes(raw, 'big')


K = number(digest(big_integer(N), big_integer(G)))


def timestamp(at=None):
    at = at or datetime.datetime.now(datetime.timezone.utc)
    days = ('Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun')
    months = ('Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec')
    return (f'{days[at.weekday()]} {months[at.month - 1]} {at.day} '
            f'{at:%H:%M:%S} UTC {at.year}')


class Client:
    def __init__(self, pool_id, password, a=None):
        self.pool = pool_id.split('_', 1)[1]
        self.password = password
        self.a = a or secrets.randbits(1024)
        self.A = pow(G, self.a, N)

    @property
    def srp_a(self):
        return f'{self.A:x}'

    def key(self, user_id, salt, srp_b):
        inner = digest(f'{self.pool}{user_id}:{self.password}'.encode())
        x = number(digest(big_integer(int(salt, 16)), inner))
        b = int(srp_b, 16)
        u = number(digest(big_integer(self.A), big_integer(b)))
        s = pow(b - K * pow(G, x, N), self.a + u * x, N)
        prk = hmac.new(big_integer(u), big_integer(s), hashlib.sha256).digest()
        return hmac.new(prk, b'Caldera Derived Key\x01', hashlib.sha256).digest()[:16]

    def proof(self, user_id, parameters, at=None, stamp=None):
        """What every answer to SRP parameters has in it."""
        stamp = stamp or timestamp(at)
        key = self.key(user_id, parameters['SALT'], parameters['SRP_B'])
        block = base64.b64decode(parameters['SECRET_BLOCK'], validate=True)
        message = self.pool.encode() + user_id.encode() + block + stamp.encode()
        return {'TIMESTAMP': stamp,
                'PASSWORD_CLAIM_SECRET_BLOCK': parameters['SECRET_BLOCK'],
                'PASSWORD_CLAIM_SIGNATURE': base64.b64encode(
                    hmac.new(key, message, hashlib.sha256).digest()).decode()}

    def answer(self, parameters, at=None, stamp=None):
        """ChallengeResponses for the parameters of a PASSWORD_VERIFIER challenge."""
        user_id = parameters['USER_ID_FOR_SRP']
        return {'USERNAME': user_id, **self.proof(user_id, parameters, at, stamp)}


class Device(Client):
    """A device of NewDeviceMetadata: the group is its pool, its key the user, the password its own."""

    def __init__(self, metadata, password=None, a=None):
        super().__init__('_' + metadata['DeviceGroupKey'],
                         password or base64.b64encode(secrets.token_bytes(40)).decode(), a)
        self.device_key = metadata['DeviceKey']

    def secret_verifier_config(self, salt=None):
        salt = salt or number(secrets.token_bytes(16))
        inner = digest(f'{self.pool}{self.device_key}:{self.password}'.encode())
        x = number(digest(big_integer(salt), inner))
        return {'PasswordVerifier': base64.b64encode(big_integer(pow(G, x, N))).decode(),
                'Salt': base64.b64encode(big_integer(salt)).decode()}

    def answer(self, parameters, at=None, stamp=None):
        """ChallengeResponses for the parameters of a DEVICE_PASSWORD_VERIFIER challenge."""
        return {'USERNAME': parameters['USERNAME'], 'DEVICE_KEY': self.device_key,
                **self.proof(self.device_key, parameters, at, stamp)}
