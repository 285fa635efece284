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
    bool converted = false;  // every line ended in a bare LF, as files on disk do: all became CRLF
};

// A text that holds a CRLF is taken as it is, whatever else stands in it: to mend half of it would hide what
// a sender did.
MessageFile make_message_file(std::string text);

// Reads a file, or `in` where `name` is "-"; of one above `limit` octets only as much as shows that it is.
// nullopt, with the reason printed: unreadable.
std::optional<MessageFile> read_message_file(const std::string& name, std::size_t limit, std::istream& in,
                                             std::ostream& err);

}  // namespace gatepost::server::cli
