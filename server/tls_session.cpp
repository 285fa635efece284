#include "server/tls_session.hpp"

#include "server/tls_handles.hpp"

#include "dns/ip_address.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

namespace gatepost::server {
namespace {

// local: a KeyUpdate takes 20 us, and one that wants an answer twice as much.
constexpr unsigned max_records_in_turn = 8;
// local: as OpenSSL has it for empty ones. Peers update their keys after many millions of octets.
constexpr unsigned max_records_in_row = 32;
// local: of a handshake; a chain of 32 KiB in the smallest records that RFC 6066 §4 knows takes 64.
constexpr unsigned max_handshake_records = 128;

}  // namespace

// The session's socket as OpenSSL sees it. Unlike the library's own it raises no SIGPIPE, and knows when the
// socket is no longer ours.
struct TlsSocketBio {
    static TlsSession& session_of(BIO* bio) { return *static_cast<TlsSession*>(BIO_get_data(bio)); }

    static int fail(TlsSession& session, int error) {
        session.system_error_ = error;
        return -1;
    }

    static int write(BIO* bio, const char* octets, std::size_t size, std::size_t* written) {
        TlsSession& session = session_of(bio);
        BIO_clear_retry_flags(bio);
        const ssize_t sent = session.socket_ < 0 ? -1 : ::send(session.socket_, octets, size, MSG_NOSIGNAL);
        if (sent >= 0) {
            *written = static_cast<std::size_t>(sent);
            return 1;
        }
        if (session.socket_ < 0) return fail(session, ECANCELED);
        if (errno != EAGAIN && errno != EINTR) return fail(session, errno);
        BIO_set_retry_write(bio);
        return -1;
    }

    static int read(BIO* bio, char* space, std::size_t size, std::size_t* got) {
        TlsSession& session = session_of(bio);
        BIO_clear_retry_flags(bio);
        if (session.records_spent_ || session.client_hello_spent_) return -1;
        if (session.is_turn_over()) {
            BIO_set_retry_read(bio);
            return -1;
        }
        const ssize_t read = session.socket_ < 0 ? -1 : ::recv(session.socket_, space, size, 0);
        if (read > 0) {
            *got = static_cast<std::size_t>(read);
            session.octets_came({space, *got});
            return session.client_hello_spent_ ? -1 : 1;
        }
        if (read == 0) {
            BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
            return 0;
        }
        if (session.socket_ < 0) return fail(session, ECANCELED);
        if (errno != EAGAIN && errno != EINTR) return fail(session, errno);
        BIO_set_retry_read(bio);
        return -1;
    }

    // Called for what OpenSSL has read or written, and a record's header first: without read-ahead the rest
    // of the record is asked for behind it.
    static void on_message(int is_written, int, int type, const void*, std::size_t, SSL*, void* session) {
        if (is_written == 0 && type == SSL3_RT_HEADER) static_cast<TlsSession*>(session)->record_came();
    }

    static long control(BIO* bio, int command, long, void*) {
        if (command == BIO_CTRL_FLUSH) return 1;
        if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
        return 0;
    }

    static BIO_METHOD* make_method() {
        BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "gatepost socket");
        if (method == nullptr) throw std::bad_alloc();
        BIO_meth_set_write_ex(method, write);
        BIO_meth_set_read_ex(method, read);
        BIO_meth_set_ctrl(method, control);
        return method;
    }

    static BIO* make(TlsSession& session) {
        static const BIO_METHOD* const method = make_method();
        BIO* bio = BIO_new(method);
        if (bio == nullptr) throw std::bad_alloc();
        BIO_set_data(bio, &session);
        BIO_set_init(bio, 1);
        return bio;
    }
};

TlsSession::TlsSession(ssl_ctx_st* context, Role role, int socket) : ssl_(nullptr), socket_(socket) {
    TlsHandle made(SSL_new(context));
    if (!made) throw std::bad_alloc();
    BIO* bio = TlsSocketBio::make(*this);
    SSL_set_bio(made.get(), bio, bio);
    SSL_set_read_ahead(made.get(), 0);
    SSL_set_msg_callback(made.get(), TlsSocketBio::on_message);
    SSL_set_msg_callback_arg(made.get(), this);
    if (role == Role::server)
        SSL_set_accept_state(made.get());
    else
        SSL_set_connect_state(made.get());
    ssl_ = made.release();
}

TlsSession::~TlsSession() {
    SSL_free(ssl_);
}

bool TlsSession::expect_server(const std::string& host, bool verify) {
    const bool is_address = dns::IpAddress::parse(host).has_value();
    // RFC 6066 §3: no literal addresses.
    if (!is_address && SSL_set_tlsext_host_name(ssl_, host.c_str()) != 1) return false;
    if (!verify) return true;
    // RFC 6125 §6.4.3 and §6.4.4: a wildcard stands for a whole label, and the CN-ID is no name of a host.
    X509_VERIFY_PARAM* expected = SSL_get0_param(ssl_);
    X509_VERIFY_PARAM_set_hostflags(
        expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    const int set = is_address ? X509_VERIFY_PARAM_set1_ip_asc(expected, host.c_str())
                               : X509_VERIFY_PARAM_set1_host(expected, host.data(), host.size());
    SSL_set_verify(ssl_, SSL_VERIFY_PEER, nullptr);
    return set == 1;
}

void TlsSession::octets_came(std::string_view octets) {
    if (!is_established_ && SSL_is_server(ssl_) == 1) client_hello_spent_ = !client_hello_.read(octets);
}

void TlsSession::record_came() {
    is_record_new_ = true;
    ++records_in_turn_;
    // The one that comes now may have data.
    const unsigned before = records_in_row_++;
    records_spent_ = before > (is_established_ ? max_records_in_row : max_handshake_records);
}

void TlsSession::data_came() {
    records_in_row_ = 0;
    if (std::exchange(is_record_new_, false)) --records_in_turn_;
}

void TlsSession::begin_turn() {
    records_in_turn_ = 0;
    is_record_new_ = false;
}

// The one more is known by its header alone.
bool TlsSession::is_turn_over() const {
    return records_in_turn_ > max_records_in_turn;
}

TlsSession::Step TlsSession::judge(int result) {
    if (result > 0) return Step::done;
    switch (SSL_get_error(ssl_, result)) {
        case SSL_ERROR_WANT_READ:
            return is_turn_over() ? Step::turn_over : Step::want_read;
        case SSL_ERROR_WANT_WRITE:
            return Step::want_write;
        case SSL_ERROR_ZERO_RETURN:
            return Step::closed;
        default:
            break;
    }
    if (records_spent_) {
        ERR_clear_error();
        problem_ = "too many TLS records without data";
        return Step::failed;
    }
    if (client_hello_spent_) {
        ERR_clear_error();
        problem_ = "a ClientHello of more than 16 KiB";
        return Step::failed;
    }
    if (system_error_ != 0) {
        ERR_clear_error();
        problem_ = std::strerror(system_error_);
        return Step::failed;
    }
    const long verified = SSL_get_verify_result(ssl_);
    problem_ = take_tls_error("the peer closed the connection");
    if (verified != X509_V_OK && SSL_is_server(ssl_) == 0)
        problem_ += std::string(": ") + X509_verify_cert_error_string(verified);
    return Step::failed;
}

TlsSession::Step TlsSession::shake_hands() {
    ERR_clear_error();
    const Step step = judge(SSL_do_handshake(ssl_));
    if (step == Step::done) {
        is_established_ = true;
        records_in_row_ = 0;
    }
    if (step != Step::closed) return step;
    problem_ = "the peer closed the connection";
    return Step::failed;
}

TlsSession::Step TlsSession::read(std::span<char> space, std::size_t& got) {
    ERR_clear_error();
    const Step step = judge(SSL_read_ex(ssl_, space.data(), space.size(), &got));
    if (step == Step::done) data_came();
    return step;
}

TlsSession::Step TlsSession::write(std::string_view octets, std::size_t& written) {
    ERR_clear_error();
    return judge(SSL_write_ex(ssl_, octets.data(), octets.size(), &written));
}

TlsSession::Step TlsSession::shut_down() {
    if (!problem_.empty()) return Step::failed;
    ERR_clear_error();
    const int result = SSL_shutdown(ssl_);
    return result >= 0 ? Step::done : judge(result);
}

bool TlsSession::has_input() {
    // The octets that the socket holds may be a ticket alone: only decrypting tells.
    ERR_clear_error();
    char octet = 0;
    std::size_t got = 0;
    const bool has = SSL_peek_ex(ssl_, &octet, 1, &got) == 1;
    if (has) data_came();
    ERR_clear_error();
    return has;
}

bool TlsSession::is_quiet() {
    ERR_clear_error();
    char octet = 0;
    std::size_t got = 0;
    const int result = SSL_peek_ex(ssl_, &octet, 1, &got);
    if (result == 1) data_came();
    const bool quiet = result != 1 && SSL_get_error(ssl_, result) == SSL_ERROR_WANT_READ;
    ERR_clear_error();
    return quiet;
}

std::string TlsSession::version() const {
    return SSL_get_version(ssl_);
}

std::string TlsSession::cipher() const {
    return SSL_get_cipher_name(ssl_);
}

}  // namespace gatepost::server
