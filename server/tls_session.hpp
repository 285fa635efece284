// TLS over a non-blocking socket that somebody else owns and waits for: each call does what can be done now
// and says what it waits for. OpenSSL reads and writes the socket itself, so that an idle session holds no
// buffer (Asio's ssl::stream keeps 68 KiB for each).
//
// Records that bring no octet of data (KeyUpdate, alerts, a handshake's) cost the peer little, and OpenSSL
// goes through all that have come in one call. Here it gets a few at a time, then it is others' turn, and a
// peer that sends nothing else is failed. So is one whose ClientHello promises too much.
#pragma once

#include "server/client_hello_bound.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct ssl_st;
struct ssl_ctx_st;

namespace gatepost::server {

class TlsSession {
  public:
    enum class Step {
        done,
        want_read,   // call again when the socket can be read …
        want_write,  // … or written
        turn_over,   // call again behind begin_turn(): the peer's records without data have taken their time
        closed,      // the peer has ended the stream
        failed,      // problem() says why; only destruction follows
    };
    enum class Role { server, client };

    // Takes a reference of `context`. `socket` is not owned, and must be non-blocking.
    TlsSession(ssl_ctx_st* context, Role role, int socket);
    ~TlsSession();
    TlsSession(const TlsSession&) = delete;
    TlsSession& operator=(const TlsSession&) = delete;

    // Client: the server's name, told by SNI (RFC 6066 §3) where it is one and no address. With `verify` its
    // certificate must be good for that name or address (RFC 6125 §6).
    bool expect_server(const std::string& host, bool verify);

    Step shake_hands();
    Step read(std::span<char> space, std::size_t& got);
    // Writes some of `octets`; to be called again with the same ones until it is `done`.
    Step write(std::string_view octets, std::size_t& written);
    // Others have had their turns.
    void begin_turn();
    // Sends close_notify. The peer's is not waited for: SMTP has said goodbye already.
    Step shut_down();
    // read() would give octets at once.
    bool has_input();
    // Neither octets nor the end of the stream have come.
    bool is_quiet();
    // The socket is about to be closed: its number will be another's.
    void forget_socket() { socket_ = -1; }

    std::string version() const;  // "TLSv1.3"
    std::string cipher() const;   // "TLS_AES_256_GCM_SHA384"
    const std::string& problem() const { return problem_; }
    // The failure is that the peer sent record after record and no octet of data.
    bool are_records_spent() const { return records_spent_; }
    // The system's error behind a failure; 0: TLS itself.
    int system_error() const { return system_error_; }
    ssl_st* native() const { return ssl_; }

  private:
    friend struct TlsSocketBio;
    Step judge(int result);
    void octets_came(std::string_view octets);
    void record_came();
    void data_came();
    bool is_turn_over() const;

    ssl_st* ssl_;
    int socket_;
    int system_error_ = 0;
    // Records that came, but for those with data: in this turn, and in a row.
    unsigned records_in_turn_ = 0;
    unsigned records_in_row_ = 0;
    bool is_record_new_ = false;  // the last one, of which nothing has been read
    ClientHelloBound client_hello_;
    bool is_established_ = false;
    bool records_spent_ = false;
    bool client_hello_spent_ = false;
    std::string problem_;
};

}  // namespace gatepost::server
