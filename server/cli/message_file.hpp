// A message as users keep it on disk, made into what the server would have received on the wire.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

namespace gatepost::server::cli {

struct MessageFile {
    std::string octets;
    bool converted = false;      // every line ended in a bare LF, as files on disk do: all became CRLF
    bool bare_cr_or_lf = false;  // some CR or LF stands alone: the server refuses such data

    // From the first field to the empty line, which belongs to it; the body follows (RFC 5322 §2.1).
    std::string_view header() const;
    std::string_view body() const;
};

// A text that holds a CRLF is taken as it is, whatever else stands in it: to mend half of it would hide what
// a sender did.
MessageFile make_message_file(std::string text);

// Reads a file, or `in` where `name` is "-". nullopt, with the reason printed: unreadable, or above `limit`
// octets.
std::optional<MessageFile> read_message_file(const std::string& name, std::size_t limit, std::istream& in,
                                             std::ostream& err);

}  // namespace gatepost::server::cli
