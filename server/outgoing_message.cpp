#include "server/outgoing_message.hpp"

#include <algorithm>
#include <utility>

namespace gatepost::server {
OutgoingMessage::OutgoingMessage(std::string top, auth::HeaderBlockPtr header, const SpooledBody& body,
                                 std::vector<std::string_view> removed)
    : top_(std::move(top)), header_(std::move(header)), body_(body) {
    parts_.push_back(top_);
    const std::string_view all = header_->octets();
    std::size_t kept_from = 0;
    std::sort(removed.begin(), removed.end(),
              [](std::string_view a, std::string_view b) { return a.data() < b.data(); });
    for (const std::string_view field : removed) {
        const auto at = static_cast<std::size_t>(field.data() - all.data());
        if (at > kept_from) parts_.push_back(all.substr(kept_from, at - kept_from));
        kept_from = at + field.size();
    }
    if (kept_from < all.size()) parts_.push_back(all.substr(kept_from));
}

void OutgoingMessage::insert(std::size_t at, std::string_view fields) {
    top_.insert(at, fields);
    parts_.front() = top_;
}

std::string OutgoingMessage::header_text() const {
    std::string text;
    for (const std::string_view part : parts_)
        text += part;
    return text;
}

}  // namespace gatepost::server
