"""A TLS client that sends what Python's ssl cannot: KeyUpdate messages, RFC 8446 §4.6.3. By OpenSSL's own library."""
import ctypes

NOT_REQUESTED, REQUESTED = 0, 1  # an answer by the other side's own KeyUpdate

_ssl = ctypes.CDLL("libssl.so.3")
for _name, _result, *_arguments in [
        ("TLS_client_method", ctypes.c_void_p),
        ("SSL_CTX_new", ctypes.c_void_p, ctypes.c_void_p), ("SSL_CTX_free", None, ctypes.c_void_p),
        ("SSL_new", ctypes.c_void_p, ctypes.c_void_p), ("SSL_free", None, ctypes.c_void_p),
        ("SSL_set_fd", ctypes.c_int, ctypes.c_void_p, ctypes.c_int), ("SSL_connect", ctypes.c_int, ctypes.c_void_p),
        ("SSL_key_update", ctypes.c_int, ctypes.c_void_p, ctypes.c_int), ("SSL_do_handshake", ctypes.c_int, ctypes.c_void_p),
        ("SSL_write", ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int),
        ("SSL_read", ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int)]:
    getattr(_ssl, _name).restype = _result
    getattr(_ssl, _name).argtypes = _arguments


class TlsRecords:
    """TLS from now on, over a connected socket without a timeout, which stays the caller's."""

    def __init__(self, plain):
        plain.settimeout(None)  # for OpenSSL a socket blocks or not
        self._context = _ssl.SSL_CTX_new(_ssl.TLS_client_method())
        self._session = _ssl.SSL_new(self._context)
        _ssl.SSL_set_fd(self._session, plain.fileno())
        if _ssl.SSL_connect(self._session) != 1:
            raise ConnectionError("no TLS handshake")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        _ssl.SSL_free(self._session)
        _ssl.SSL_CTX_free(self._context)

    def update_key(self, request=NOT_REQUESTED):
        if _ssl.SSL_key_update(self._session, request) != 1 or _ssl.SSL_do_handshake(self._session) != 1:
            raise ConnectionError("closed")

    def send(self, octets):
        if _ssl.SSL_write(self._session, octets, len(octets)) != len(octets):
            raise ConnectionError("closed")

    def receive(self):
        """What one record brings; empty where the connection is closed."""
        space = ctypes.create_string_buffer(16 * 1024)
        got = _ssl.SSL_read(self._session, space, len(space))
        return space.raw[:max(0, got)]
