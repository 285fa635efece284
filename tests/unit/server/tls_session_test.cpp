// What a peer's TLS records may cost that bring no octets.
#include "server/tls_session.hpp"

#include "server/tls_handles.hpp"
#include "server/tls_key_pair.hpp"

#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <new>
#include <optional>
#include <string>

namespace gatepost::server {
namespace {

using Step = TlsSession::Step;

TlsContextHandle server_context(int version) {
    const TlsKey key(EVP_EC_gen("P-256"));
    const TlsCertificate certificate(X509_new());
    ASN1_TIME_set(X509_getm_notBefore(certificate.get()), 0);
    ASN1_TIME_set(X509_getm_notAfter(certificate.get()), 4102444800);  // 2100
    X509_set_pubkey(certificate.get(), key.get());
    X509_sign(certificate.get(), key.get(), EVP_sha256());
    TlsContextHandle context(SSL_CTX_new(TLS_server_method()));
    harden_tls(context.get());
    SSL_CTX_set_max_proto_version(context.get(), version);
    SSL_CTX_use_certificate(context.get(), certificate.get());
    SSL_CTX_use_PrivateKey(context.get(), key.get());
    return context;
}

struct Sockets {
    Sockets() {
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) != 0) throw std::bad_alloc();
    }
    ~Sockets() {
        for (const int end : ends)
            ::close(end);
    }
    std::array<int, 2> ends{};
};

// The client is OpenSSL itself: it may do what a TlsSession never does.
class TlsRecords : public testing::Test {
  protected:
    void connect(int version = TLS1_3_VERSION) {
        server_context_ = server_context(version);
        client_context_.reset(SSL_CTX_new(TLS_client_method()));
        server_.emplace(server_context_.get(), TlsSession::Role::server, sockets_.ends[0]);
        client_.reset(SSL_new(client_context_.get()));
        SSL_set_fd(client_.get(), sockets_.ends[1]);
        SSL_set_connect_state(client_.get());
    }
    void shake_hands(int version = TLS1_3_VERSION) {
        connect(version);
        Step step = Step::want_read;
        for (int i = 0; i < 8 && step != Step::done; ++i) {
            SSL_do_handshake(client_.get());
            step = server_->shake_hands();
        }
        ASSERT_EQ(step, Step::done) << server_->problem();
        ASSERT_EQ(SSL_do_handshake(client_.get()), 1);
    }
    void update_keys(int times, int request = SSL_KEY_UPDATE_NOT_REQUESTED) {
        for (int i = 0; i < times; ++i) {
            ASSERT_EQ(SSL_key_update(client_.get(), request), 1);
            ASSERT_EQ(SSL_do_handshake(client_.get()), 1);
        }
    }
    void send(const std::string& octets) {
        ASSERT_EQ(SSL_write(client_.get(), octets.data(), static_cast<int>(octets.size())),
                  static_cast<int>(octets.size()));
    }
    Step read() {
        std::array<char, 4096> space{};
        std::size_t got = 0;
        const Step step = server_->read(space, got);
        if (step == Step::done) read_.append(space.data(), got);
        return step;
    }
    // Reads on while it is the server's turn that ends, and not the input.
    Step read_on() {
        Step step = read();
        while (step == Step::turn_over) {
            ++turns_;
            server_->begin_turn();
            step = read();
        }
        return step;
    }
    int unread() const {
        int octets = 0;
        ::ioctl(sockets_.ends[0], FIONREAD, &octets);
        return octets;
    }

    const Sockets sockets_;
    TlsContextHandle server_context_;
    TlsContextHandle client_context_;
    std::optional<TlsSession> server_;
    TlsHandle client_;
    std::string read_;
    int turns_ = 0;
};

constexpr int octets_of_update = 27;  // RFC 8446 §5.2: header, KeyUpdate, content type, tag

// 128 KiB were allocated for it, for as long as a handshake may take.
TEST_F(TlsRecords, A_client_hello_that_promises_much_is_refused_at_its_header) {
    connect();
    const std::string promise("\x16\x03\x01\x00\x44\x01\x01\xff\xb8", 9);
    ASSERT_EQ(::send(sockets_.ends[1], promise.data(), promise.size(), 0), 9);
    EXPECT_EQ(server_->shake_hands(), Step::failed);
    EXPECT_EQ(server_->problem(), "a ClientHello of more than 16 KiB");
}

TEST_F(TlsRecords, without_data_give_turns) {
    shake_hands();
    update_keys(30);
    send("QUIT\r\n");
    const int before = unread();
    EXPECT_EQ(read(), Step::turn_over);
    EXPECT_LE(before - unread(), 9 * octets_of_update) << "more than a few records in one call";
    EXPECT_EQ(read(), Step::turn_over) << "until the next turn begins";
    EXPECT_LE(before - unread(), 9 * octets_of_update);
    EXPECT_EQ(read_on(), Step::done);
    EXPECT_EQ(read_, "QUIT\r\n");
    EXPECT_GE(turns_, 3);
}

TEST_F(TlsRecords, without_data_give_turns_also_where_data_stands_between) {
    shake_hands();
    for (int i = 0; i < 20; ++i) {
        update_keys(2, SSL_KEY_UPDATE_REQUESTED);
        send("x");
    }
    while (read_.size() < 20)
        ASSERT_EQ(read_on(), Step::done);
    EXPECT_GE(turns_, 4);
}

TEST_F(TlsRecords, with_data_may_be_the_first_of_a_turn) {
    shake_hands();
    for (int i = 0; i < 3; ++i) {
        update_keys(8);
        send("x");
        ASSERT_EQ(read_on(), Step::done);
    }
    EXPECT_EQ(read_, "xxx");
    EXPECT_EQ(turns_, 3);
    update_keys(8);
    EXPECT_EQ(read(), Step::want_read);
}

TEST_F(TlsRecords, without_data_end_the_session) {
    shake_hands();
    update_keys(32);
    send("a");
    update_keys(32, SSL_KEY_UPDATE_REQUESTED);
    send("b");
    EXPECT_EQ(read_on(), Step::done);
    EXPECT_EQ(read_on(), Step::done);
    EXPECT_EQ(read_, "ab") << "octets forgive";
    update_keys(33);
    send("c");
    EXPECT_EQ(read_on(), Step::failed);
    EXPECT_TRUE(server_->are_records_spent());
    EXPECT_NE(server_->problem(), "");
    EXPECT_EQ(read_, "ab");
    EXPECT_GT(unread(), 0) << "what comes behind is not looked at";
}

TEST_F(TlsRecords, are_counted_where_input_is_only_looked_for) {
    shake_hands();
    update_keys(100);
    for (int i = 0; i < 100; ++i) {
        EXPECT_FALSE(server_->has_input());
        server_->begin_turn();
    }
    EXPECT_GT(unread(), 60 * octets_of_update);
    EXPECT_FALSE(server_->is_quiet()) << "it is over";
    EXPECT_EQ(read(), Step::failed);
}

TEST_F(TlsRecords, with_data_have_no_bound) {
    shake_hands();
    for (int i = 0; i < 100; ++i) {
        send("x");
        EXPECT_TRUE(server_->has_input());
        ASSERT_EQ(read(), Step::done) << i;
    }
    EXPECT_EQ(read(), Step::want_read);
}

// Each attempt is answered by an alert, and OpenSSL would go on and on.
TEST_F(TlsRecords, renegotiation_is_refused) {
    shake_hands(TLS1_2_VERSION);
    ASSERT_EQ(SSL_renegotiate(client_.get()), 1);
    SSL_do_handshake(client_.get());
    EXPECT_EQ(read_on(), Step::want_read);
    SSL_do_handshake(client_.get());
    EXPECT_NE(ERR_peek_error(), 0U) << "the client was told no_renegotiation";
    ERR_clear_error();
}

// What another connection, or a signature that was not good, left in the thread's queue is none of ours.
TEST_F(TlsRecords, are_waited_for_whatever_stands_in_the_queue_of_errors) {
    const auto leave_an_error = [] {
        ERR_raise(ERR_LIB_RSA, ERR_R_INTERNAL_ERROR);
    };
    connect();
    leave_an_error();
    EXPECT_EQ(server_->shake_hands(), Step::want_read);
    ERR_clear_error();
    SSL_do_handshake(client_.get());
    leave_an_error();
    EXPECT_EQ(server_->shake_hands(), Step::want_read);
    ERR_clear_error();
    SSL_do_handshake(client_.get());
    leave_an_error();
    EXPECT_EQ(server_->shake_hands(), Step::done);
    leave_an_error();
    EXPECT_FALSE(server_->has_input());
    leave_an_error();
    EXPECT_TRUE(server_->is_quiet());
    leave_an_error();
    EXPECT_EQ(read(), Step::want_read);
    // The socket is full one day.
    const std::string octets(64 * 1024, 'x');
    Step step = Step::done;
    for (std::size_t written = 0; step == Step::done; step = server_->write(octets, written))
        leave_an_error();
    EXPECT_EQ(step, Step::want_write);
    ERR_clear_error();
}

// RFC 8446 §5.1: a handshake message may come in as many records as it has octets.
TEST_F(TlsRecords, of_a_handshake_are_bounded_too) {
    connect();
    const std::string hello = std::string("\x01\x00\x10\x00", 4) + std::string(0x1000, 'x');
    std::string records;
    for (const char octet : hello.substr(0, 400))
        records += std::string("\x16\x03\x01\x00\x01", 5) + octet;
    ASSERT_EQ(::send(sockets_.ends[1], records.data(), records.size(), 0),
              static_cast<ssize_t>(records.size()));
    Step step = server_->shake_hands();
    for (; step == Step::turn_over; step = server_->shake_hands()) {
        ++turns_;
        server_->begin_turn();
    }
    EXPECT_EQ(step, Step::failed);
    EXPECT_GE(turns_, 10);
    EXPECT_GE(unread(), 200 * 6) << "what comes behind is not looked at";
}

}  // namespace
}  // namespace gatepost::server
