// The numbers of the SMTP protocol: those of RFC 5321 §4.5.3.1 and our own beside them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gatepost::server::smtp {

// RFC 5321 §4.5.3.1.4 gives a command line 512 octets, each extension adds its own (SIZE 26, BODY 17,
// SMTPUTF8 10, REQUIRETLS 11, DSN 628). Local: one bound above the sum of all of them, CRLF included.
inline constexpr std::size_t max_command_line_octets = 2048;
// RFC 5321 §4.5.3.1.5: a reply line, code and CRLF included.
inline constexpr std::size_t max_reply_line_octets = 512;
// Local: lines in a reply that we write or read; the longest in use is that to EHLO.
inline constexpr std::size_t max_reply_lines = 100;
// Local: a downstream's reply line is read up to this length, as some servers break §4.5.3.1.5.
inline constexpr std::size_t max_read_reply_line_octets = 2048;
// Local: RFC 5321 §4.5.3.1.1 asks to take 64 octets at least; reverse-paths of large senders that hold the
// recipient's address (VERP) are longer.
inline constexpr std::size_t max_local_part_octets = 512;
// RFC 5321 §4.5.3.1.2: a domain, and so the argument of EHLO.
inline constexpr std::size_t max_domain_octets = 255;
// Local: in one transaction; then the downstream server is asked for no further one, and nothing is kept of
// it.
inline constexpr std::size_t max_refused_recipients = 1000;
// Local: an accepted message to so many forgives one that was refused (Session::names_tried); of lists that
// are kept, more are good.
inline constexpr std::size_t recipients_that_forgive_one = 10;
// PRODUCT.md: of what the downstream servers take, for the fields that we add.
inline constexpr std::uint64_t max_added_octets = 64ULL * 1024;
// RFC 1870 §3: the value of SIZE has up to 20 digits.
inline constexpr std::size_t max_size_digits = 20;

// RFC 3461 §4.4, §4.2.
inline constexpr std::size_t max_envid_octets = 100;
inline constexpr std::size_t max_orcpt_octets = 500;
// RFC 9422 §4.1, §4.2: up to six digits.
inline constexpr std::size_t max_announced_limit = 999999;

// What the operator sets (`limits` in the configuration).
struct SessionLimits {
    std::uint64_t message_size = 50ULL * 1024 * 1024;  // octets
    std::size_t recipients = 100;                      // of a transaction; RFC 5321 §4.5.3.1.8
    std::size_t messages_per_connection = 1000;        // MAIL that was taken, with data behind it or not
    std::size_t errors_per_connection = 10;            // the last one allowed; one more is answered 421
};

}  // namespace gatepost::server::smtp
