#include "server/client_hello_bound.hpp"

#include <algorithm>

namespace gatepost::server {
namespace {

constexpr unsigned char handshake = 22;    // RFC 8446 §5.1, ContentType
constexpr unsigned char client_hello = 1;  // RFC 8446 §4, HandshakeType

}  // namespace

bool ClientHelloBound::read(std::string_view octets) {
    while (!octets.empty()) {
        if (record_got_ < record_.size()) {
            record_.at(record_got_++) = static_cast<unsigned char>(octets.front());
            octets.remove_prefix(1);
            if (record_got_ == record_.size()) record_left_ = (std::size_t{record_[3]} << 8U) | record_[4];
        } else {
            const std::string_view part = octets.substr(0, record_left_);
            if (record_[0] == handshake && !read_messages(part)) return false;
            record_left_ -= part.size();
            octets.remove_prefix(part.size());
        }
        if (record_got_ == record_.size() && record_left_ == 0) record_got_ = 0;
    }
    return true;
}

// Messages and records have no common borders.
bool ClientHelloBound::read_messages(std::string_view octets) {
    while (!octets.empty()) {
        const std::size_t skipped = std::min(octets.size(), message_left_);
        message_left_ -= skipped;
        octets.remove_prefix(skipped);
        if (octets.empty()) break;
        message_.at(message_got_++) = static_cast<unsigned char>(octets.front());
        octets.remove_prefix(1);
        if (message_got_ < message_.size()) continue;
        message_got_ = 0;
        message_left_ = (std::size_t{message_[1]} << 16U) | (std::size_t{message_[2]} << 8U) | message_[3];
        if (message_[0] == client_hello && message_left_ > most_octets) return false;
    }
    return true;
}

}  // namespace gatepost::server
